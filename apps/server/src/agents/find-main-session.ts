import type { Pool } from 'pg';

const MAIN_SESSION = {
  name: 'agents.main-session',
  text: `select main_session_id as "sessionId" from agents
          where workspace_id = $1 and id = $2 and archived_at is null and main_session_id is not null`,
};

/** The session that a deployed agent talks in; null when there is no such agent in the workspace. */
export async function findMainSession(pool: Pool, workspaceId: string, agentId: string): Promise<string | null> {
  const result = await pool.query<{ sessionId: string }>({ ...MAIN_SESSION, values: [workspaceId, agentId] });
  return result.rows[0]?.sessionId ?? null;
}
