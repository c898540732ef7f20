import type { PoolClient } from 'pg';
import type { Principal } from '../authenticate.ts';
import { requireHeld } from '../scopes.ts';
import { KEY_COLUMNS, type KeyView, VISIBLE_KEYS } from './key-view.ts';

/**
 * A key that the caller is about to change, locked; null when there is none that he can see.
 * @throws missing_scope when it may do more than his own: whoever could rotate it would hold it.
 */
export async function lockKey(db: PoolClient, by: Principal, keyId: string): Promise<KeyView | null> {
  const result = await db.query<KeyView>(`select ${KEY_COLUMNS} from ${VISIBLE_KEYS} where k.id = $2 for update of k`, [
    by.workspaceId,
    keyId,
  ]);
  const key = result.rows[0];
  if (!key) return null;
  requireHeld(by.scopes, key.scopes);
  return key;
}
