import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { hashApiKey } from '../../apps/server/src/access/api-key.ts';
import { SOCKET_PORT } from '../../apps/server/src/postgres/embedded/connection-target.ts';
import { startEmbeddedPostgres } from '../../apps/server/src/postgres/embedded/start-embedded-postgres.ts';
import { createPool } from '../../apps/server/src/postgres/pool.ts';
import { type Platform, startPlatform } from './platform.ts';
import { passableDirectory } from './test-platform.ts';

/** A platform whose database the test can look into, also while its server is down. */
export interface ObservedPlatform extends Platform {
  readonly pool: Pool;
  /** A key with every scope in a new workspace. */
  stranger(): Promise<string>;
}

export async function startObservedPlatform(env: Record<string, string> = {}): Promise<ObservedPlatform> {
  const directory = passableDirectory();
  const server = await startEmbeddedPostgres({ dataDir: join(directory, 'db') });
  const { host, user, database } = server.connection;
  const url = `postgres://${user}@${encodeURIComponent(host)}:${SOCKET_PORT}/${database}`;
  const pool = createPool(server.connection, { max: 4, log: { warn: () => {} } });
  const platform = await startPlatform({ DATA_DIR: join(directory, 'data'), DATABASE_URL: url, ...env });
  const { dispose } = platform;
  return Object.assign(platform, {
    pool,
    stranger: async () => {
      const name = randomBytes(8).toString('hex');
      const key = `aaas_stranger_${name}_${name}`;
      await pool.query('insert into workspaces (id, name) values ($1, $1)', [`wrkspc_${name}`]);
      await pool.query(
        `insert into api_keys (id, workspace_id, name, hash, hint, scopes) values ($1, $2, 'test', $3, '', '{*}')`,
        [`apikey_${name}`, `wrkspc_${name}`, hashApiKey(key)],
      );
      return key;
    },
    dispose: async () => {
      await dispose();
      await pool.end();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  });
}
