import type { ClientBase, Pool } from 'pg';
import type { Jobs, TakenJob } from '../../jobs/jobs.ts';
import { transaction } from '../../postgres/transaction.ts';
import { DELIVERY_QUEUE, type DeliveryJob, NEW, RETRY } from './delivery-queue.ts';
import { holdDeliveries } from './hold-deliveries.ts';
import { releaseHeld } from './release-held.ts';
import { type Owned, type Shares, shareOut } from './share-out.ts';

/** A delivery that this node may send until its job expires. */
export interface TakenDelivery extends Owned {
  id: string;
  type: string;
  body: string;
  url: string;
  /** Sealed. */
  secret: string;
  previousSecret: string | null;
  /** Attempts since it was made or replayed, without this one. */
  tries: number;
  job: TakenJob<DeliveryJob>;
}

export interface Taking {
  pool: Pool;
  jobs: Jobs;
  nodeId: string;
  shares: Shares & { free: number };
  /** On their way from this node already. */
  busy: Owned[];
  /** Look for more than what is new: for other attempts, and for what is held. */
  retries: boolean;
  held: boolean;
}

export interface Taken {
  taken: TakenDelivery[];
  /** There may be more that can leave now. */
  more: boolean;
  /** Deliveries are held, and may leave when others have ended. */
  held: boolean;
}

interface Due extends Owned {
  id: string;
  job: string;
  enabled: boolean;
}

// Waits for whoever has the row in hand: that one never waits for a job that can be taken.
const LOCK = {
  name: 'webhooks.lock-due',
  text: `
    select d.id, d.job_id as job, d.webhook_id as "webhookId", d.workspace_id as "workspaceId",
           coalesce(w.enabled, false) as enabled
      from unnest($1::text[], $2::uuid[]) with ordinality j (delivery, job, place)
      join webhook_deliveries d on d.id = j.delivery and d.job_id = j.job and d.state = 'pending'
      left join webhooks w on w.id = d.webhook_id
     order by j.place for update of d`,
};
const TAKE = {
  name: 'webhooks.take',
  text: `
    update webhook_deliveries d set claimed_by = $1, next_attempt_at = now() + make_interval(secs => j.seconds)
      from unnest($2::text[], $3::integer[]) j (delivery, seconds), webhooks w
     where d.id = j.delivery and w.id = d.webhook_id
    returning d.id, d.webhook_id as "webhookId", d.workspace_id as "workspaceId", d.type, d.body, d.tries, w.url, w.secret,
              case when w.previous_secret_until > now() then w.previous_secret end as "previousSecret"`,
};

/**
 * Takes deliveries whose jobs are due. A job is taken and its row marked in one transaction; what is over a share, or of
 * a webhook that is off, goes back to the outbox.
 */
export async function takeDeliveries(taking: Taking): Promise<Taken> {
  const { pool, jobs, shares, busy } = taking;
  const { stale, ...result } = await transaction(pool, async (db) => {
    const held = taking.held && (await releaseHeld(db, shares, busy));
    const { found, full } = await takeJobs(db, taking);
    if (found.length === 0) return { taken: [], more: false, held, stale: [] };
    const { rows: due } = await db.query<Due>({
      ...LOCK,
      values: [found.map(({ data }) => data.delivery), found.map(({ id }) => id)],
    });
    const { now, over } = shareOut(
      due.filter(({ enabled }) => enabled),
      busy,
      shares,
    );
    const taken = await mark(db, taking.nodeId, now, new Map(found.map((job) => [job.id, job])));
    const crowded = [...over, ...due.filter(({ enabled }) => !enabled)].map(({ webhookId }) => webhookId);
    const stale = crowded.length === 0 ? [] : await holdDeliveries(db, [...new Set(crowded)]);
    const kept = new Set(now.map(({ job }) => job));
    await jobs.drop(
      DELIVERY_QUEUE,
      found.filter(({ id }) => !kept.has(id)),
      db,
    );
    return { taken, more: full && taken.length < shares.free, held: held || over.length > 0, stale };
  });
  await jobs.drop(DELIVERY_QUEUE, stale);
  return result;
}

async function takeJobs(db: ClientBase, { jobs, shares, retries }: Taking) {
  const limit = powerOfTwo(shares.free);
  const again = retries ? await jobs.take<DeliveryJob>(DELIVERY_QUEUE, { db, limit, maxPriority: RETRY }) : [];
  if (again.length === limit) return { found: again, full: true };
  const rest = powerOfTwo(limit - again.length);
  const first = await jobs.take<DeliveryJob>(DELIVERY_QUEUE, { db, limit: rest, minPriority: NEW });
  return { found: [...again, ...first], full: first.length === rest };
}

/** The largest that is not above n. Each limit is a statement of its own, which each connection keeps. */
function powerOfTwo(n: number): number {
  return 2 ** Math.floor(Math.log2(n));
}

async function mark(
  db: ClientBase,
  nodeId: string,
  due: Due[],
  jobs: Map<string, TakenJob<DeliveryJob>>,
): Promise<TakenDelivery[]> {
  if (due.length === 0) return [];
  const jobOf = new Map(due.map(({ id, job }) => [id, jobs.get(job) as TakenJob<DeliveryJob>]));
  const { rows } = await db.query<Omit<TakenDelivery, 'job'>>({
    ...TAKE,
    values: [nodeId, [...jobOf.keys()], [...jobOf.values()].map((job) => job.expireInSeconds)],
  });
  return rows.map((row) => ({ ...row, job: jobOf.get(row.id) as TakenJob<DeliveryJob> }));
}
