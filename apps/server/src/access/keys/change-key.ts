import { ApiError } from '@aaas/contract/errors';
import type { Pool } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import type { Principal } from '../authenticate.ts';
import { findKey } from './find-keys.ts';
import type { KeyView } from './key-view.ts';
import { lockKey } from './lock-key.ts';

/**
 * Changes the name or the end of a key. What is undefined stays.
 * @returns null when there is no such key. @throws key_ended, missing_scope
 */
export async function changeKey(
  pool: Pool,
  by: Principal,
  keyId: string,
  change: { name?: string | undefined; expiresAt?: Date | null | undefined },
): Promise<KeyView | null> {
  return transaction(pool, async (db) => {
    const key = await lockKey(db, by, keyId);
    if (!key) return null;
    if (key.status !== 'active') {
      throw new ApiError('key_ended', `The key ${keyId} is ${key.status} and stays so. Create another one.`);
    }
    const expiresAt = change.expiresAt === undefined ? key.expiresAt : change.expiresAt;
    await db.query('update api_keys set name = $2, expires_at = $3 where id = $1', [
      keyId,
      change.name ?? key.name,
      expiresAt,
    ]);
    return findKey(db, by.workspaceId, keyId);
  });
}
