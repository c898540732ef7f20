import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { transaction } from '../postgres/transaction.ts';
import { StartupError } from '../start/startup-error.ts';
import { Keyring } from './keyring.ts';

const KEY_BYTES = 32;
const FILE = 'encryption.key';
const PROOF = 'aaas';

/**
 * The keys of ENCRYPTION_KEY, or the one in DATA_DIR/encryption.key, which is made on a database that has none yet.
 * @throws StartupError when the database holds secrets of a key that is not among them.
 */
export async function openKeyring(
  pool: Pool,
  options: { dataDir: string; setting: string | undefined },
): Promise<Keyring> {
  const known = await pool.query<{ id: string }>('select id from encryption_keys order by created_at');
  const keys = options.setting
    ? options.setting.split(',').map((key) => Buffer.from(key.trim(), 'base64'))
    : await keyOfFile(join(options.dataDir, FILE), known.rows[0]?.id);
  const keyring = new Keyring(keys as [Buffer, ...Buffer[]]);
  await agree(pool, keyring);
  return keyring;
}

async function keyOfFile(path: string, knownId: string | undefined): Promise<[Buffer]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new StartupError(`The key file ${path} cannot be read (${error.code}).`, { cause: error });
  });
  if (text !== null) {
    const key = Buffer.from(text.trim(), 'base64');
    if (key.length === KEY_BYTES) return [key];
    throw new StartupError(
      `The key file ${path} does not hold ${KEY_BYTES} bytes in base64: restore it from a backup.`,
    );
  }
  // Making another one now would only hide that the right one is missing.
  if (knownId !== undefined) throw missingKey(knownId);
  const key = randomBytes(KEY_BYTES);
  await writeFile(`${path}.new`, `${key.toString('base64')}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return [key];
}

/** Leaves a proof of each sealing key in the database, and opens those that others have left. */
async function agree(pool: Pool, keyring: Keyring): Promise<void> {
  await transaction(pool, async (db) => {
    // Two servers that start at once on an empty database must not both be the first.
    await db.query('lock table encryption_keys in share row exclusive mode');
    const { rows } = await db.query<{ id: string; proof: string }>('select id, proof from encryption_keys');
    for (const { id, proof } of rows) if (!opens(keyring, id, proof)) throw missingKey(id);
    const own = keyring.sealingKeyId;
    if (rows.some((row) => row.id === own)) return;
    await db.query('insert into encryption_keys (id, proof) values ($1, $2)', [own, keyring.seal(PROOF, placeOf(own))]);
  });
}

function opens(keyring: Keyring, id: string, proof: string): boolean {
  try {
    return keyring.open(proof, placeOf(id)) === PROOF;
  } catch {
    return false;
  }
}

function placeOf(id: string) {
  return { table: 'encryption_keys', column: 'proof', row: id, workspaceId: '' };
}

function missingKey(id: string): StartupError {
  return new StartupError(
    `The database holds secrets sealed with the encryption key ${id}, which this server does not have: put it into ENCRYPTION_KEY, behind a new one if there is one (a server without that setting keeps its key in ${FILE} of its DATA_DIR).`,
  );
}
