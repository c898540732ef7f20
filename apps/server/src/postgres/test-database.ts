/** For tests: a database of their own with the platform's tables, on the embedded PostgreSQL. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { startEmbeddedPostgres } from './embedded/start-embedded-postgres.ts';
import { migrate } from './migrate.ts';
import { createPool, type PoolTarget } from './pool.ts';

export interface TestDatabase {
  pool: Pool;
  target: PoolTarget;
  close(): Promise<void>;
}

export async function startTestDatabase(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'aaas-test-db-'));
  await chmod(dataDir, 0o711); // The database may run as another user.
  const server = await startEmbeddedPostgres({ dataDir });
  const pool = createPool(server.connection, { max: 10, log: { warn: () => {} } });
  await migrate(pool);
  return {
    pool,
    target: server.connection,
    close: async () => {
      await pool.end();
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
