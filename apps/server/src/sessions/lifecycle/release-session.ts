import type { OwnedSession, SessionContext } from '../session-context.ts';

const RELEASE = {
  name: 'session.release',
  text: `update session_heads
             set owner = null, runnable_at = case when $4 then now() end, held_by = directory_holder(session_id),
                 mid_turn = (select s.turn_status = 'running' from sessions s where s.id = session_heads.session_id)
          where session_id = $1 and generation = $2 and requested = $3
         returning session_id`,
};

/**
 * Gives a session up. `workLeft`: another node is to take it at once.
 * @returns false when something was asked of the session since its row was read: look again.
 */
export async function releaseSession(
  ctx: SessionContext,
  owned: OwnedSession,
  requested: number,
  workLeft: boolean,
): Promise<boolean> {
  const result = await ctx.pool.query({ ...RELEASE, values: [owned.sessionId, owned.generation, requested, workLeft] });
  return result.rowCount === 1;
}
