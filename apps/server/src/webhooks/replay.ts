import type { Pool } from 'pg';

/** So many deliveries one request replays. */
export const REPLAY_MAX = 5_000;

// A job that it had is dropped when its turn comes, for the row names another one.
const AGAIN = `state = 'pending', tries = 0, next_attempt_at = now(), ended_at = null`;

/** Delivers once more, by a new job, under the same id and with all its tries. One that is on its way is left alone. */
export async function replayDelivery(
  pool: Pool,
  webhook: { workspaceId: string; webhookId: string },
  deliveryId: string,
): Promise<void> {
  await pool.query(
    `update webhook_deliveries set ${AGAIN}, job_id = webhook_job(id, now(), 0)
      where workspace_id = $1 and webhook_id = $2 and id = $3 and claimed_by is null`,
    [webhook.workspaceId, webhook.webhookId, deliveryId],
  );
}

/**
 * Delivers again what was made since then and is dead, or waits for another attempt. They get their jobs as there is room
 * for them. @returns how many, oldest first.
 */
export async function replaySince(
  pool: Pool,
  webhook: { workspaceId: string; webhookId: string },
  since: Date,
): Promise<number> {
  const { rowCount } = await pool.query(
    `update webhook_deliveries set ${AGAIN}, job_id = null
      where id in (select d.id from webhook_deliveries d
                    where d.workspace_id = $1 and d.webhook_id = $2 and d.id >= webhook_delivery_floor($3)
                      and d.claimed_by is null and (d.state = 'dead' or (d.attempts > 0 and d.next_attempt_at > now()))
                    order by d.id limit ${REPLAY_MAX} for update skip locked)`,
    [webhook.workspaceId, webhook.webhookId, since],
  );
  return rowCount ?? 0;
}
