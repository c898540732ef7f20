import { ApiError } from '@aaas/contract/errors';
import type { GrantedScope } from '@aaas/contract/keys';
import type { Pool } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import type { Principal } from '../authenticate.ts';
import { requireGrantable, requireHeld, workspaceScopesOf } from '../scopes.ts';
import { requireWorkspace } from '../workspaces/find-workspaces.ts';
import { ensureTestSide } from '../workspaces/test-side.ts';
import { type CreatedKey, storeKey } from './store-key.ts';

/**
 * Makes a key in the caller's workspace, on its test side, or for who has platform:write in any other.
 * @throws missing_scope, invalid_request, not_found, workspace_archived, too_many_keys
 */
export async function createKey(
  pool: Pool,
  by: Principal,
  wanted: {
    name: string;
    scopes?: GrantedScope[] | undefined;
    test?: boolean | undefined;
    workspaceId?: string | undefined;
    expiresAt: Date | null;
  },
  maxKeys: number,
): Promise<CreatedKey> {
  if (wanted.workspaceId !== undefined && wanted.workspaceId !== by.workspaceId) {
    requireHeld(by.scopes, ['platform:write']);
  }
  const scopes = wanted.scopes ?? workspaceScopesOf(by.scopes);
  requireHeld(by.scopes, scopes);
  return transaction(pool, async (db) => {
    const workspace = await requireWorkspace(db, wanted.workspaceId ?? by.workspaceId);
    if (workspace.test && wanted.test === false) {
      const message = 'false cannot be had here: the workspace is a test side, and all its keys are test keys';
      throw new ApiError('invalid_request', `test: ${message}.`, { errors: [{ field: 'test', message }] });
    }
    const workspaceId = wanted.test ? await ensureTestSide(db, workspace.id) : workspace.id;
    requireGrantable(workspaceId, scopes);
    const { name, expiresAt } = wanted;
    return storeKey(db, { workspaceId, name, scopes, expiresAt, createdBy: by.keyId }, maxKeys);
  });
}
