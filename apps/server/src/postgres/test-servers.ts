/** For tests: empty schemas on the embedded database, and on the server of TEST_DATABASE_URL when that is set. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { startEmbeddedPostgres } from './embedded/start-embedded-postgres.ts';
import { makeScratch } from './embedded/testing.ts';
import { createPool } from './pool.ts';

export interface TestServer {
  /** A pool whose tables go to an empty schema. */
  schema(options?: { max?: number }): Promise<TestSchema>;
  close(): Promise<void>;
}

export interface TestSchema {
  readonly pool: pg.Pool;
  /** What was logged through the pool. */
  readonly logged: object[];
  close(): Promise<void>;
}

const EXTERNAL = process.env.TEST_DATABASE_URL;

export const TEST_SERVERS: [string, () => Promise<TestServer>][] = [['the embedded database', startEmbedded]];
if (EXTERNAL) TEST_SERVERS.push(['the server of TEST_DATABASE_URL', async () => server(EXTERNAL)]);

async function startEmbedded(): Promise<TestServer> {
  const scratch = await makeScratch();
  const database = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
  const { host, user, database: name } = database.connection;
  return server(`postgresql://${user}@/${name}?host=${encodeURIComponent(host)}`, async () => {
    await database.stop();
    await scratch.close();
  });
}

function server(url: string, close: () => Promise<void> = async () => {}): TestServer {
  return {
    close,
    async schema({ max = 4 } = {}) {
      const name = `aaas_test_${randomBytes(6).toString('hex')}`;
      await once(url, `create schema ${name}`);
      const logged: object[] = [];
      const connectionString = `${url}${url.includes('?') ? '&' : '?'}options=-c%20search_path%3D${name}`;
      const pool = createPool({ connectionString }, { max, log: { warn: (details) => logged.push(details) } });
      return {
        pool,
        logged,
        async close() {
          await pool.end();
          await once(url, `drop schema ${name} cascade`);
        },
      };
    },
  };
}

async function once(connectionString: string, text: string): Promise<void> {
  const pool = createPool({ connectionString }, { max: 1, log: { warn: () => {} } });
  await pool.query(text).finally(() => pool.end());
}
