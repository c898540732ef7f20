import type { Pool, PoolClient } from 'pg';
import { KEY_COLUMNS, type KeyView, VISIBLE_KEYS } from './key-view.ts';

/** A key of the workspace or of its test side; null when there is none. */
export async function findKey(db: Pool | PoolClient, workspaceId: string, keyId: string): Promise<KeyView | null> {
  const result = await db.query<KeyView>(`select ${KEY_COLUMNS} from ${VISIBLE_KEYS} where k.id = $2`, [
    workspaceId,
    keyId,
  ]);
  return result.rows[0] ?? null;
}

/** Newest first. `after` is the id of the last key of the page before. */
export async function listKeys(
  pool: Pool,
  workspaceId: string,
  filter: {
    test?: boolean | undefined;
    status?: KeyView['status'] | undefined;
    after?: string | undefined;
    limit: number;
  },
): Promise<KeyView[]> {
  const result = await pool.query<KeyView>(
    `select * from (select ${KEY_COLUMNS} from ${VISIBLE_KEYS}) as found
      where ($2::boolean is null or test = $2) and ($3::text is null or status = $3) and ($4::text is null or id < $4)
      order by id desc limit $5`,
    [workspaceId, filter.test ?? null, filter.status ?? null, filter.after ?? null, filter.limit],
  );
  return result.rows;
}
