import type { LoggedEvent } from '@aaas/contract/events';
import { transaction } from '../postgres/transaction.ts';
import { writeWish } from '../sessions/lifecycle/change-intent.ts';
import { WISHES } from '../sessions/lifecycle/wishes.ts';
import type { SessionContext } from '../sessions/session-context.ts';

/**
 * Archives an agent and asks all its sessions to end, in one transaction: they drain, and then everything they were
 * is removed.
 * @returns its main session and all that end, or null when there is no such agent.
 */
export async function deleteAgent(
  ctx: SessionContext,
  workspaceId: string,
  agentId: string,
): Promise<{ mainSessionId: string; sessionIds: string[] } | null> {
  const at = ctx.now();
  const ended = await transaction(ctx.pool, async (db) => {
    const agent = await db.query<{ mainSessionId: string }>(
      `update agents set archived_at = $3, updated_at = $3
        where workspace_id = $1 and id = $2 and archived_at is null and main_session_id is not null
       returning main_session_id as "mainSessionId"`,
      [workspaceId, agentId, at],
    );
    const mainSessionId = agent.rows[0]?.mainSessionId;
    if (!mainSessionId) return null;
    // Always in the same order: two that lock several sessions must not wait for each other.
    const sessions = await db.query<{ id: string }>(
      `select id from sessions where agent_id = $1 and workspace_id = $2 and intent <> 'archived' order by id`,
      [agentId, workspaceId],
    );
    await db.query('delete from agent_credentials where agent_id = $1', [agentId]);
    const events = new Map<string, LoggedEvent>();
    for (const { id: sessionId } of sessions.rows) {
      const changed = await writeWish(db, { workspaceId, sessionId }, WISHES.delete, at);
      if (changed) events.set(sessionId, changed.event);
    }
    return { mainSessionId, events };
  });
  if (!ended) return null;
  ctx.metrics.agentDeleted();
  for (const [sessionId, event] of ended.events) ctx.streams.publishEvents(sessionId, [event]);
  return { mainSessionId: ended.mainSessionId, sessionIds: [...ended.events.keys()] };
}
