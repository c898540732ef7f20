import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import type { SessionRow } from './load-session.ts';

const CLEAR = {
  name: 'session.clear-operation',
  text: `update sessions s set operation = case when s.operation = $3 then null else s.operation end from session_heads h
          where s.id = $1 and h.session_id = $1 and h.generation = $2`,
};

/** What was asked of the session is being done; what has been asked since then stays. */
export async function clearOperation(
  ctx: SessionContext,
  owned: OwnedSession,
  done: SessionRow['operation'],
): Promise<void> {
  const result = await ctx.pool.query({ ...CLEAR, values: [owned.sessionId, owned.generation, done] });
  if (result.rowCount === 0) throw new Fenced(owned);
}
