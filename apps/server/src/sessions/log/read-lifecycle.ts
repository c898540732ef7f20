import type { LifecycleEvent } from '@aaas/contract/events';
import type { LifecycleStep } from '@aaas/contract/operations-api';
import type { Pool } from 'pg';

/** The transitions of a session after a sequence, oldest first. */
export async function readLifecycle(
  pool: Pool,
  sessionId: string,
  after: number,
  limit: number,
): Promise<LifecycleStep[]> {
  const result = await pool.query<{ seq: number; at: Date; payload: string }>(
    `select seq, at, payload from events where session_id = $1 and seq > $2 and type = 'x.lifecycle' order by seq limit $3`,
    [sessionId, after, limit],
  );
  return result.rows.map(({ seq, at, payload }) => {
    const { from, to, reason, detail } = JSON.parse(payload) as LifecycleEvent;
    return { seq, at: at.toISOString(), from, to, reason, detail };
  });
}
