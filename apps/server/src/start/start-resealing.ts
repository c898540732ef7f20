import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { sealStored } from '../agents/env/seal-stored.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { reseal, type SealedColumn } from '../secrets/reseal.ts';

/**
 * Beside the server's work: seals what is stored in plain since before it was sealed, and with several encryption keys
 * moves what is sealed to the first of them.
 */
export async function startResealing(options: {
  pool: Pool;
  keyring: Keyring;
  log: Logger;
  columns: SealedColumn[];
}): Promise<void> {
  const { pool, keyring, log, columns } = options;
  try {
    const sealed = await sealStored(pool, keyring);
    if (sealed > 0) log.info({ versions: sealed }, 'variables of agents that were stored in plain are sealed');
    if (keyring.keyIds.length === 1) return;
    const resealed = await reseal(pool, keyring, columns);
    log.info({ resealed, key: keyring.sealingKeyId }, 'stored secrets are sealed with the first encryption key');
  } catch (error) {
    log.error({ err: error }, 'failed to seal stored secrets; the next start tries again');
  }
}
