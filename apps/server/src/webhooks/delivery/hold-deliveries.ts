import type { ClientBase, Pool } from 'pg';

/** Of one webhook at once. */
const BATCH = 1_000;

/**
 * Takes everything that is due for these webhooks out of the queue: their rows keep it until there is room for it.
 * So one that has many is not looked through again and again by who looks for the others.
 * @returns the jobs that nobody names any more, to be dropped once this is committed
 */
export async function holdDeliveries(db: ClientBase, webhookIds: string[]): Promise<string[]> {
  const { rows } = await db.query<{ job: string }>({
    name: 'webhooks.hold',
    text: `
      with due as (
        select d.id, d.job_id as job from unnest($1::text[]) w (id)
         cross join lateral (
                 select d.id, d.job_id from webhook_deliveries d
                  where d.webhook_id = w.id and d.job_id is not null and d.next_attempt_at <= now()
                  order by d.next_attempt_at limit ${BATCH} for update skip locked) d
      )
      update webhook_deliveries d set job_id = null, claimed_by = null from due where d.id = due.id returning due.job`,
    values: [webhookIds],
  });
  return rows.map((row) => row.job);
}

/** What an earlier life of this node, or this one when it ends, has taken and not recorded is sent again at once. */
export async function giveBackAllOf(pool: Pool, nodeId: string): Promise<void> {
  await pool.query(
    `update webhook_deliveries set next_attempt_at = now(), claimed_by = null, job_id = null
      where claimed_by = $1 and next_attempt_at is not null`,
    [nodeId],
  );
}
