import { ApiError } from '@aaas/contract/errors';
import type { Pool } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import type { Principal } from '../authenticate.ts';
import { lockKey } from './lock-key.ts';
import { type CreatedKey, storeKey } from './store-key.ts';

/**
 * Makes another key with the same name, scopes and, unless told otherwise, end. The old one ends after the overlap.
 * @returns null when there is no such key. @throws key_ended, missing_scope, too_many_keys
 */
export async function rotateKey(
  pool: Pool,
  by: Principal,
  keyId: string,
  wish: { overlapSeconds: number; expiresAt: Date | undefined },
  maxKeys: number,
): Promise<CreatedKey | null> {
  return transaction(pool, async (db) => {
    const old = await lockKey(db, by, keyId);
    if (!old) return null;
    if (old.status !== 'active') {
      throw new ApiError('key_ended', `The key ${keyId} is ${old.status}. Create another one.`);
    }
    if (old.replacedBy) {
      throw new ApiError(
        'key_ended',
        `The key ${keyId} was rotated before. Rotate ${old.replacedBy}, which replaced it.`,
      );
    }
    // First the old one: one that ends at once does not count against the bound.
    await db.query(
      `update api_keys set expires_at = least(expires_at, now() + make_interval(secs => $2)) where id = $1`,
      [keyId, wish.overlapSeconds],
    );
    const { workspaceId, name, scopes } = old;
    const expiresAt = wish.expiresAt ?? old.expiresAt;
    const made = await storeKey(db, { workspaceId, name, scopes, expiresAt, createdBy: by.keyId }, maxKeys);
    await db.query('update api_keys set replaced_by = $2 where id = $1', [keyId, made.id]);
    return made;
  });
}
