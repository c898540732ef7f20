import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { Keyring } from '../../secrets/keyring.ts';
import type { SealedColumn } from '../../secrets/reseal.ts';

export const FLEET_SECRET_COLUMN: SealedColumn = { table: 'fleet_secrets', column: 'sealed' };

const SECRET_BYTES = 32;
const ID = 'node';
const PLACE = { ...FLEET_SECRET_COLUMN, row: ID, workspaceId: '' };

/** The secret that all nodes of this fleet share; the first one makes it. */
export async function fleetSecret(pool: Pool, keyring: Keyring): Promise<Buffer> {
  const made = keyring.seal(randomBytes(SECRET_BYTES).toString('base64'), PLACE);
  await pool.query('insert into fleet_secrets (id, sealed) values ($1, $2) on conflict do nothing', [ID, made]);
  const { rows } = await pool.query<{ sealed: string }>('select sealed from fleet_secrets where id = $1', [ID]);
  return Buffer.from(keyring.open((rows[0] as { sealed: string }).sealed, PLACE), 'base64');
}
