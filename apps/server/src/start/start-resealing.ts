import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Keyring } from '../secrets/keyring.ts';
import { reseal, type SealedColumn } from '../secrets/reseal.ts';

/** With several encryption keys: moves what is stored to the first of them, beside the server's work. */
export async function startResealing(options: {
  pool: Pool;
  keyring: Keyring;
  log: Logger;
  columns: SealedColumn[];
}): Promise<void> {
  const { pool, keyring, log, columns } = options;
  if (keyring.keyIds.length === 1) return;
  try {
    const resealed = await reseal(pool, keyring, columns);
    log.info({ resealed, key: keyring.sealingKeyId }, 'stored secrets are sealed with the first encryption key');
  } catch (error) {
    log.error({ err: error }, 'failed to reseal stored secrets; the next start tries again');
  }
}
