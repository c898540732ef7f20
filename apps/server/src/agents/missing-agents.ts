import type { Pool } from 'pg';

/** Those of the ids that name no agent of the workspace. */
export async function missingAgents(pool: Pool, workspaceId: string, ids: string[]): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'select id from agents where workspace_id = $1 and id = any ($2::text[]) and archived_at is null',
    [workspaceId, ids],
  );
  const known = new Set(rows.map((row) => row.id));
  return ids.filter((id) => !known.has(id));
}
