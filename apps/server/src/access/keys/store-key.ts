import { ApiError } from '@aaas/contract/errors';
import { newId } from '@aaas/contract/ids';
import type { PoolClient } from 'pg';
import { hashApiKey, hintOf, newApiKey } from '../api-key.ts';
import { findKey } from './find-keys.ts';
import type { KeyView } from './key-view.ts';

export interface CreatedKey extends KeyView {
  /** Known now and never again. */
  key: string;
}

/** Writes a new key. Scopes have been checked. @throws workspace_archived, too_many_keys. */
export async function storeKey(
  db: PoolClient,
  wanted: { workspaceId: string; name: string; scopes: string[]; expiresAt: Date | null; createdBy: string },
  maxKeys: number,
): Promise<CreatedKey> {
  const { workspaceId } = wanted;
  // The lock lets keys of one workspace be made one after another, so that the bound holds.
  const found = await db.query<{ test: boolean; archived: boolean }>(
    'select test_of is not null as test, archived_at is not null as archived from workspaces where id = $1 for no key update',
    [workspaceId],
  );
  const workspace = found.rows[0];
  if (!workspace || workspace.archived) {
    throw new ApiError('workspace_archived', `The workspace ${workspaceId} is archived; it gets no new keys.`);
  }
  const counted = await db.query<{ live: number }>(
    `select count(*)::int as live from api_keys
      where workspace_id = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
    [workspaceId],
  );
  if ((counted.rows[0]?.live ?? 0) >= maxKeys) {
    throw new ApiError('too_many_keys', `The workspace has ${maxKeys} keys, as many as it may. Revoke some first.`);
  }
  const id = newId('apikey');
  const key = newApiKey(workspace.test);
  await db.query(
    `insert into api_keys (id, workspace_id, name, hash, hint, scopes, expires_at, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      id,
      workspaceId,
      wanted.name,
      hashApiKey(key),
      hintOf(key),
      [...new Set(wanted.scopes)],
      wanted.expiresAt,
      wanted.createdBy,
    ],
  );
  return { ...((await findKey(db, workspaceId, id)) as KeyView), key };
}
