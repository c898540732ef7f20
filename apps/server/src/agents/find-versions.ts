import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Pool, PoolClient } from 'pg';

/** A version of an agent. It never changes. */
export interface VersionView {
  version: number;
  definition: AgentDefinition;
  createdAt: Date;
  /** It repeats this one. */
  rolledBackTo: number | null;
}

const VIEW = `
  select v.version, v.definition, v.created_at as "createdAt", v.rolled_back_to as "rolledBackTo"
    from agent_versions v join agents a on a.id = v.agent_id
   where a.workspace_id = $1 and a.id = $2 and a.archived_at is null and a.main_session_id is not null`;

/** Newest first, below `before`. */
export async function listVersions(
  pool: Pool,
  workspaceId: string,
  agentId: string,
  before: number | null,
  limit: number,
): Promise<VersionView[]> {
  const result = await pool.query<VersionView>(
    `${VIEW} and ($3::integer is null or v.version < $3) order by v.version desc limit $4`,
    [workspaceId, agentId, before, limit],
  );
  return result.rows;
}

export async function findVersion(
  db: Pool | PoolClient,
  workspaceId: string,
  agentId: string,
  version: number,
): Promise<VersionView | null> {
  const result = await db.query<VersionView>(`${VIEW} and v.version = $3`, [workspaceId, agentId, version]);
  return result.rows[0] ?? null;
}
