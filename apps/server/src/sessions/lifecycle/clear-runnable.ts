import type { OwnedSession, SessionContext } from '../session-context.ts';

const CLEAR = {
  name: 'session.clear-runnable',
  text: `update session_heads set runnable_at = null
          where session_id = $1 and generation = $2 and requested = $3 and runnable_at is not null`,
};

/**
 * Says that the owner has seen everything up to `requested` and has nothing to do. A request that came after the
 * row was read has moved the counter, so its wake is never wiped out.
 */
export async function clearRunnable(ctx: SessionContext, owned: OwnedSession, requested: number): Promise<void> {
  await ctx.pool.query({ ...CLEAR, values: [owned.sessionId, owned.generation, requested] });
}
