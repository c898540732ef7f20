import type { LifecycleEvent } from '@aaas/contract/events';
import type { LifecycleStep } from '@aaas/contract/operations-api';
import type { FirstToken } from '@aaas/contract/starts';
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
  const steps = result.rows.map(({ seq, at, payload }): LifecycleStep => {
    const { from, to, reason, detail, start = null } = JSON.parse(payload) as LifecycleEvent;
    return { seq, at: at.toISOString(), from, to, reason, detail, start };
  });
  await addFirstTokens(pool, sessionId, steps);
  return steps;
}

/** What a start took beyond its readiness stands further down in the log: the start's id joins the two. */
async function addFirstTokens(pool: Pool, sessionId: string, steps: LifecycleStep[]): Promise<void> {
  const starts = steps.flatMap(({ seq, start }) => (start && start.failed_step === null ? [{ seq, start }] : []));
  const [first] = starts;
  if (!first) return;
  const result = await pool.query<{ payload: string }>(
    `select payload from events where session_id = $1 and seq > $2 and type = 'x.first_token' order by seq limit $3`,
    [sessionId, first.seq, starts.length],
  );
  for (const { payload } of result.rows) {
    const { start_id, mcp_ms, first_token_ms } = JSON.parse(payload) as FirstToken;
    const start = starts.find((one) => one.start.id === start_id)?.start;
    if (start) Object.assign(start.steps, { ...(mcp_ms === null ? {} : { mcp_ms }), first_token_ms });
  }
}
