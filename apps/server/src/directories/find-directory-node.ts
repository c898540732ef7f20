import { ApiError } from '@aaas/contract/errors';
import type { Pool } from 'pg';

/**
 * The node where the working directory of a session lies; or will when whoever owns the session has made it; null: nowhere yet. The caller has checked that the
 * session is its tenant's.
 * @throws not_found when the session is gone
 */
export async function findDirectoryNode(
  pool: Pool,
  session: { workspaceId: string; sessionId: string },
): Promise<string | null> {
  const { rows } = await pool.query<{ nodeId: string | null }>({
    name: 'directories.find-node',
    text: `select coalesce(s.directory_node, nullif(h.owner, '-')) as "nodeId"
             from sessions s join session_heads h on h.session_id = s.id
            where s.workspace_id = $1 and s.id = $2 and s.intent <> 'archived'`,
    values: [session.workspaceId, session.sessionId],
  });
  if (!rows[0]) throw new ApiError('not_found', 'The agent was deleted meanwhile.');
  return rows[0].nodeId;
}
