import type { Pool } from 'pg';

/** Every row that belongs to a workspace, by its table. When a key was last used is written later, by and by. */
export async function rowsOfWorkspace(pool: Pool, workspaceId: string): Promise<Record<string, string[]>> {
  const { rows } = await pool.query<{ table: string; columns: string[] }>(
    `select table_name::text as table, array_agg(column_name::text) as columns
       from information_schema.columns join information_schema.tables using (table_schema, table_name)
      where table_schema = 'public' and table_type = 'BASE TABLE' group by 1 order by 1`,
  );
  const found: Record<string, string[]> = {};
  for (const { table, columns } of rows) {
    const where = conditionOn(table, columns);
    if (where === null) continue;
    const result = await pool.query<{ row: string }>(
      `select (to_jsonb(t) - 'last_used_at')::text as row from "${table}" t where ${where} order by 1`,
      [workspaceId],
    );
    found[table] = result.rows.map(({ row }) => row);
  }
  return found;
}

function conditionOn(table: string, columns: string[]): string | null {
  if (table === 'workspaces') return 't.id = $1';
  if (columns.includes('workspace_id')) return 't.workspace_id = $1';
  if (columns.includes('chain')) return 't.chain = $1';
  if (columns.includes('session_id')) return 't.session_id in (select id from sessions where workspace_id = $1)';
  if (columns.includes('agent_id')) return 't.agent_id in (select id from agents where workspace_id = $1)';
  return null;
}
