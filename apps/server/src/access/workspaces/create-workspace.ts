import { newId } from '@aaas/contract/ids';
import { WORKSPACE_SCOPES } from '@aaas/contract/scopes';
import type { Pool } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import type { Principal } from '../authenticate.ts';
import { type CreatedKey, storeKey } from '../keys/store-key.ts';
import { requireHeld } from '../scopes.ts';
import { findWorkspace, type WorkspaceView } from './find-workspaces.ts';

/** A new workspace, with its first key when `adminKey`. @throws missing_scope */
export async function createWorkspace(
  pool: Pool,
  by: Principal,
  wanted: { name: string; adminKey: boolean },
  maxKeys: number,
): Promise<{ workspace: WorkspaceView; adminKey: CreatedKey | null }> {
  const scopes = WORKSPACE_SCOPES;
  if (wanted.adminKey) requireHeld(by.scopes, scopes);
  const id = newId('wrkspc');
  return transaction(pool, async (db) => {
    await db.query('insert into workspaces (id, name) values ($1, $2)', [id, wanted.name]);
    const key = { workspaceId: id, name: 'admin', scopes, expiresAt: null, createdBy: by.keyId };
    const adminKey = wanted.adminKey ? await storeKey(db, key, maxKeys) : null;
    return { workspace: (await findWorkspace(db, id)) as WorkspaceView, adminKey };
  });
}
