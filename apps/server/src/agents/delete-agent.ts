import { changeIntent } from '../sessions/lifecycle/change-intent.ts';
import type { SessionContext } from '../sessions/session-context.ts';

/**
 * Archives an agent and asks its main session to end: it drains, and then everything it was is removed.
 * @returns the session that ends, or null when there is no such agent.
 */
export async function deleteAgent(ctx: SessionContext, workspaceId: string, agentId: string): Promise<string | null> {
  const result = await ctx.pool.query<{ sessionId: string | null }>(
    `update agents set archived_at = $3, updated_at = $3
      where workspace_id = $1 and id = $2 and archived_at is null returning main_session_id as "sessionId"`,
    [workspaceId, agentId, ctx.now()],
  );
  const sessionId = result.rows[0]?.sessionId;
  if (!sessionId) return null;
  ctx.metrics.agentDeleted();
  await changeIntent(
    ctx,
    { workspaceId, sessionId },
    { intent: 'archived', operation: null, reason: 'delete_requested' },
  );
  return sessionId;
}
