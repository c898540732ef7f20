import type { ClientBase } from 'pg';
import type { Owned, Shares } from './share-out.ts';

// The index has only what is held, so `waiting` costs one look-up for each webhook for which something is. Webhooks of a
// workspace take turns, and so do workspaces. What is in the queue already counts, or each look would add to it.
const RELEASE = {
  name: 'webhooks.release-held',
  text: `
    with recursive waiting (webhook_id) as (
        (select d.webhook_id from webhook_deliveries d where d.next_attempt_at is not null and d.job_id is null
          order by d.webhook_id limit 1)
      union all
        select (select d.webhook_id from webhook_deliveries d
                 where d.next_attempt_at is not null and d.job_id is null and d.webhook_id > waiting.webhook_id
                 order by d.webhook_id limit 1)
          from waiting where waiting.webhook_id is not null
    ), busy as (
      select b.webhook_id, b.workspace_id, count(*)::int as n
        from unnest($4::text[], $5::text[]) b (webhook_id, workspace_id) group by b.webhook_id, b.workspace_id
    ), open as (
      select w.id, w.workspace_id, coalesce(b.n, 0) as n,
             (select count(*)::int from (select 1 from webhook_deliveries q
                where q.webhook_id = w.id and q.job_id is not null and q.next_attempt_at <= now() limit $2) q) as queued
        from waiting join webhooks w on w.id = waiting.webhook_id and w.enabled left join busy b on b.webhook_id = w.id
    ), due as (
      select d.id, d.next_attempt_at, open.workspace_id,
             open.n + row_number() over (partition by open.id order by d.next_attempt_at) as turn
        from open
       cross join lateral (
               select d.id, d.next_attempt_at from webhook_deliveries d
                where d.webhook_id = open.id and d.job_id is null and d.next_attempt_at <= now()
                order by d.next_attempt_at limit greatest(0, $2 - open.n - open.queued)) d
    ), placed as (
      select due.id, due.next_attempt_at, due.workspace_id,
             row_number() over (partition by due.workspace_id order by due.turn, due.next_attempt_at) as place
        from due
    ), picked as (
      select placed.id from placed
        left join (select busy.workspace_id, sum(busy.n) as n from busy group by busy.workspace_id) b
               on b.workspace_id = placed.workspace_id
       where placed.place <= $3 - coalesce(b.n, 0)
       order by placed.place, placed.next_attempt_at limit $1
    ), locked as (
      select d.id from webhook_deliveries d
       where d.id in (select picked.id from picked) and d.job_id is null and d.next_attempt_at <= now()
         for update skip locked
    ), sent as (
      update webhook_deliveries d set claimed_by = null, job_id = webhook_job(d.id, now(), 0) from locked where d.id = locked.id
      returning 1
    )
    select (select count(*)::int from sent) as sent, exists (select 1 from waiting where waiting.webhook_id is not null) as held`,
};

/**
 * Sends to the queue what was held and this node has room for. `busy`: what is on its way from it.
 * @returns whether anything had been held
 */
export async function releaseHeld(db: ClientBase, shares: Shares & { free: number }, busy: Owned[]): Promise<boolean> {
  const { rows } = await db.query<{ held: boolean }>({
    ...RELEASE,
    values: [
      shares.free,
      shares.perWebhook,
      shares.perWorkspace,
      busy.map((delivery) => delivery.webhookId),
      busy.map((delivery) => delivery.workspaceId),
    ],
  });
  return rows[0]?.held ?? false;
}
