import { ApiError } from '@aaas/contract/errors';
import type { Pool, PoolClient } from 'pg';

export interface WorkspaceView {
  id: string;
  name: string;
  test: boolean;
  testOf: string | null;
  simulated: boolean;
  createdAt: Date;
  archivedAt: Date | null;
}

const COLUMNS = `id, name, test_of is not null as test, test_of as "testOf", simulated, created_at as "createdAt",
                 archived_at as "archivedAt"`;

export async function findWorkspace(db: Pool | PoolClient, workspaceId: string): Promise<WorkspaceView | null> {
  const result = await db.query<WorkspaceView>(`select ${COLUMNS} from workspaces where id = $1`, [workspaceId]);
  return result.rows[0] ?? null;
}

/** @throws not_found */
export async function requireWorkspace(db: Pool | PoolClient, workspaceId: string): Promise<WorkspaceView> {
  // Nothing else can be an id, and some of it (a NUL) must not reach the database.
  const workspace = /^[A-Za-z0-9_]{1,128}$/.test(workspaceId) ? await findWorkspace(db, workspaceId) : null;
  if (!workspace) {
    const detail = `There is no workspace ${workspaceId.slice(0, 128)}. GET /api/v1/workspaces lists those there are.`;
    throw new ApiError('not_found', detail);
  }
  return workspace;
}

/** Newest first. `after` is the id of the last workspace of the page before. */
export async function listWorkspaces(
  pool: Pool,
  filter: { archived: boolean; after?: string | undefined; limit: number },
): Promise<WorkspaceView[]> {
  const result = await pool.query<WorkspaceView>(
    `select ${COLUMNS} from workspaces where ($1 or archived_at is null) and ($2::text is null or id < $2)
      order by id desc limit $3`,
    [filter.archived, filter.after ?? null, filter.limit],
  );
  return result.rows;
}
