import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';

const MAIN_SESSION = {
  name: 'agents.main-session',
  text: `select main_session_id as "sessionId" from agents
          where workspace_id = $1 and id = $2 and archived_at is null and main_session_id is not null`,
};

/** The session that a deployed agent talks in; null when there is no such agent in the workspace. */
export async function findMainSession(pool: Pool, workspaceId: string, agentId: string): Promise<string | null> {
  const result = await pool.query<{ sessionId: string }>({ ...MAIN_SESSION, values: [workspaceId, agentId] });
  const sessionId = result.rows[0]?.sessionId ?? null;
  if (sessionId) known.set(keyOf(workspaceId, agentId), sessionId);
  return sessionId;
}

const KNOWN_MAX = 10_000;
const known = new LRUCache<string, string>({ max: KNOWN_MAX });

/**
 * The same without asking the database twice. An agent has one main session for all its life, so what is known never
 * becomes wrong; but the agent may be gone. Only for what ends in a statement that itself refuses an archived session,
 * as `addInput` and `changeIntent` do.
 */
export async function recallMainSession(pool: Pool, workspaceId: string, agentId: string): Promise<string | null> {
  return known.get(keyOf(workspaceId, agentId)) ?? findMainSession(pool, workspaceId, agentId);
}

function keyOf(workspaceId: string, agentId: string): string {
  return `${workspaceId} ${agentId}`;
}
