import type { Pool } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import type { Principal } from '../authenticate.ts';
import { findKey } from './find-keys.ts';
import type { KeyView } from './key-view.ts';
import { lockKey } from './lock-key.ts';

/** Ends a key for good; once more changes nothing. @returns null when there is no such key. @throws missing_scope */
export async function revokeKey(pool: Pool, by: Principal, keyId: string): Promise<KeyView | null> {
  return transaction(pool, async (db) => {
    const key = await lockKey(db, by, keyId);
    if (!key) return null;
    await db.query(
      `update api_keys set revoked_at = now(), revoked_by = $2
        where id = $1 and (revoked_at is null or revoked_by = 'bootstrap')`,
      [keyId, by.keyId],
    );
    return findKey(db, by.workspaceId, keyId);
  });
}
