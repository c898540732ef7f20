import type { Pool } from 'pg';

/** A delivery that this node may send until its claim ends. */
export interface ClaimedDelivery {
  id: string;
  webhookId: string;
  workspaceId: string;
  type: string;
  body: string;
  url: string;
  /** Sealed. */
  secret: string;
  previousSecret: string | null;
  /** Attempts since it was made or replayed, without this one. */
  tries: number;
  /** Tells this claim from a later one. */
  claims: number;
}

export interface ClaimBounds {
  /** Deliveries to take at most. */
  free: number;
  /** Of one webhook, or one workspace, on their way from this node at once. */
  perWebhook: number;
  perWorkspace: number;
  /** Until then the result must be recorded, or the delivery is sent again. */
  claimMs: number;
}

// The index has only what waits, so `waiting` costs one look-up for each webhook for which something does. Webhooks
// of a workspace take turns, and so do workspaces: who has many, or a receiver that hangs, does not hold the others up.
// Rows that another node has taken meanwhile no longer are due when they are locked.
const CLAIM = {
  name: 'webhooks.claim',
  text: `
    with recursive waiting (webhook_id) as (
        (select d.webhook_id from webhook_deliveries d where d.next_attempt_at is not null order by d.webhook_id limit 1)
      union all
        select (select d.webhook_id from webhook_deliveries d
                 where d.next_attempt_at is not null and d.webhook_id > waiting.webhook_id order by d.webhook_id limit 1)
          from waiting where waiting.webhook_id is not null
    ), busy as (
      select b.webhook_id, b.workspace_id, count(*)::int as n
        from unnest($6::text[], $7::text[]) b (webhook_id, workspace_id) group by b.webhook_id, b.workspace_id
    ), due as (
      select d.id, d.next_attempt_at, w.workspace_id,
             coalesce(b.n, 0) + row_number() over (partition by w.id order by d.next_attempt_at) as turn
        from waiting
        join webhooks w on w.id = waiting.webhook_id and w.enabled
        left join busy b on b.webhook_id = w.id
       cross join lateral (
               select d.id, d.next_attempt_at from webhook_deliveries d
                where d.webhook_id = w.id and d.next_attempt_at <= now()
                order by d.next_attempt_at limit greatest(0, $3 - coalesce(b.n, 0))) d
    ), placed as (
      select due.id, due.next_attempt_at, due.workspace_id,
             row_number() over (partition by due.workspace_id order by due.turn, due.next_attempt_at) as place
        from due
    ), picked as (
      select placed.id from placed
        left join (select busy.workspace_id, sum(busy.n) as n from busy group by busy.workspace_id) b
               on b.workspace_id = placed.workspace_id
       where placed.place <= $4 - coalesce(b.n, 0)
       order by placed.place, placed.next_attempt_at limit $2
    ), locked as (
      select d.id from webhook_deliveries d
       where d.id in (select picked.id from picked) and d.next_attempt_at <= now()
         for update skip locked
    )
    update webhook_deliveries d
       set next_attempt_at = now() + make_interval(secs => $5::double precision / 1000), claimed_by = $1, claims = d.claims + 1
      from locked, webhooks w
     where d.id = locked.id and w.id = d.webhook_id
    returning d.id, d.webhook_id as "webhookId", d.workspace_id as "workspaceId", d.type, d.body, d.tries, d.claims,
              w.url, w.secret,
              case when w.previous_secret_until > now() then w.previous_secret end as "previousSecret"`,
};

/** Takes deliveries that are due. `busy`: those already on their way from this node. */
export async function claimDeliveries(
  pool: Pool,
  nodeId: string,
  bounds: ClaimBounds,
  busy: ClaimedDelivery[],
): Promise<ClaimedDelivery[]> {
  const { rows } = await pool.query<ClaimedDelivery>({
    ...CLAIM,
    values: [
      nodeId,
      bounds.free,
      bounds.perWebhook,
      bounds.perWorkspace,
      bounds.claimMs,
      busy.map((delivery) => delivery.webhookId),
      busy.map((delivery) => delivery.workspaceId),
    ],
  });
  return rows;
}

/** What an earlier life of this node, or this one when it ends, has claimed and not recorded is due at once. */
export async function releaseClaimsOf(pool: Pool, nodeId: string): Promise<number> {
  const { rowCount } = await pool.query(
    `update webhook_deliveries set next_attempt_at = now(), claimed_by = null
      where claimed_by = $1 and next_attempt_at is not null`,
    [nodeId],
  );
  return rowCount ?? 0;
}
