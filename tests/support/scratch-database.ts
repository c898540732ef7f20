import { randomBytes } from 'node:crypto';
import { createPool } from '../../apps/server/src/postgres/pool.ts';

/** A database of a test's own. */
export interface ScratchDatabase {
  /** The settings by which a server finds it. */
  readonly env: Record<string, string>;
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>;
}

const silent = { warn: () => {} };

/**
 * With TEST_DATABASE_URL: a new database on that server. Without it nothing: the server starts its embedded one, which
 * is gone with its data directory.
 */
export async function scratchDatabase(): Promise<ScratchDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server) return { env: {}, drop: async () => {} };
  const name = `test_${randomBytes(8).toString('hex')}`;
  await query(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    env: { DATABASE_URL: url.href },
    drop: () => query(server, `drop database if exists ${name} with (force)`),
  };
}

async function query(connectionString: string, statement: string): Promise<void> {
  const pool = createPool({ connectionString }, { max: 1, log: silent });
  try {
    await pool.query(statement);
  } finally {
    await pool.end();
  }
}
