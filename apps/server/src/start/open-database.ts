import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { connectionCutter } from '../postgres/cut-connections.ts';
import { startEmbeddedPostgres } from '../postgres/embedded/start-embedded-postgres.ts';
import { createPool, type PoolTarget } from '../postgres/pool.ts';
import type { Closers } from './closers.ts';
import { StartupError } from './startup-error.ts';

export interface Database {
  pool: Pool;
  target: PoolTarget;
  /** For people: which one it is. */
  description: string;
  /** Null: a server that is not ours to stop. */
  embeddedPid: number | null;
  /** Ends every open connection: see connectionCutter. */
  cutConnections(): void;
}

/** Opens the PostgreSQL server of DATABASE_URL, or starts the embedded one. */
export async function openDatabase(
  settings: Settings,
  dataDir: string,
  log: Logger,
  closers: Closers,
): Promise<Database> {
  const options = { max: settings.DATABASE_CONNECTIONS, log, leaseMs: settings.LEASE_TTL * 1_000 };
  if (settings.DATABASE_URL) {
    const target = { connectionString: settings.DATABASE_URL };
    const pool = createPool(target, options);
    const cutConnections = connectionCutter(pool);
    closers.add('database pool', () => pool.end());
    await pool.query('select 1').catch((error: Error) => {
      throw new StartupError(`Cannot reach the database of DATABASE_URL: ${error.message}.`, { cause: error });
    });
    return { pool, target, description: 'PostgreSQL server of DATABASE_URL', embeddedPid: null, cutConnections };
  }
  const embedded = await startEmbeddedPostgres({ dataDir });
  closers.add('embedded database', () => embedded.stop());
  const pool = createPool(embedded.connection, options);
  closers.add('database pool', () => pool.end());
  return {
    pool,
    target: embedded.connection,
    description: `embedded PostgreSQL ${embedded.majorVersion}`,
    embeddedPid: embedded.pid,
    cutConnections: connectionCutter(pool),
  };
}
