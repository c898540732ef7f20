import type { Pool } from 'pg';
import type { Keyring } from './keyring.ts';

/** A column that holds sealed secrets, of a table with `id` and `workspace_id`. */
export interface SealedColumn {
  table: string;
  column: string;
}

const BATCH = 200;

/**
 * Seals every secret anew that is sealed with another key than the first, and then forgets the keys that no secret
 * needs any more: from then on they may leave ENCRYPTION_KEY. Safe beside servers that read and write the same rows.
 * @returns how many were resealed.
 */
export async function reseal(pool: Pool, keyring: Keyring, columns: SealedColumn[]): Promise<number> {
  let resealed = 0;
  for (const column of columns) resealed += await resealColumn(pool, keyring, column);
  await pool.query('delete from encryption_keys where id <> $1', [keyring.sealingKeyId]);
  return resealed;
}

async function resealColumn(pool: Pool, keyring: Keyring, { table, column }: SealedColumn): Promise<number> {
  let resealed = 0;
  for (let after = ''; ; ) {
    const { rows } = await pool.query<{ id: string; workspaceId: string; sealed: string }>(
      `select id, workspace_id as "workspaceId", ${column} as sealed from ${table}
        where id > $1 and ${column} is not null and not starts_with(${column}, $2) order by id limit ${BATCH}`,
      [after, keyring.sealedPrefix],
    );
    for (const { id, workspaceId, sealed } of rows) {
      const place = { table, column, row: id, workspaceId };
      // Only what was read: a secret that was rotated meanwhile is sealed well already.
      const { rowCount } = await pool.query(`update ${table} set ${column} = $1 where id = $2 and ${column} = $3`, [
        keyring.seal(keyring.open(sealed, place), place),
        id,
        sealed,
      ]);
      resealed += rowCount ?? 0;
    }
    if (rows.length < BATCH) return resealed;
    after = rows.at(-1)?.id ?? '';
  }
}
