import type { Pool } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import { requireWorkspace, type WorkspaceView } from './find-workspaces.ts';
import { refuseTestSide } from './refuse-protected.ts';
import { testNameOf } from './test-side.ts';

/** Its test side is renamed with it. @throws not_found, workspace_protected */
export async function renameWorkspace(pool: Pool, workspaceId: string, name: string): Promise<WorkspaceView> {
  refuseTestSide(await requireWorkspace(pool, workspaceId));
  return transaction(pool, async (db) => {
    await db.query('update workspaces set name = $2 where id = $1', [workspaceId, name]);
    await db.query('update workspaces set name = $2 where test_of = $1', [workspaceId, testNameOf(name)]);
    return requireWorkspace(db, workspaceId);
  });
}
