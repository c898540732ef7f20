import { fileURLToPath } from 'node:url';
import type { Pool, PoolClient, QueryConfig } from 'pg';
import { StartupError } from '../start/startup-error.ts';
import { LOCK_KEYS, LOCK_SPACE } from './advisory-lock-keys.ts';
import { type MigrationFile, readMigrations } from './migration-files.ts';

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));
/** Another node may be at it, with a large table. */
const TURN_WITHIN_MS = 10 * 60_000;
const STATEMENT_WITHIN_MS = 60 * 60_000;
/** While a migration waits for a table's lock, all that want the table wait behind it. */
const TABLE_LOCK_WITHIN_MS = 30_000;

export interface AppliedMigration {
  version: number;
  name: string;
}

/**
 * Brings the database to the state of this release: each migration that it lacks, in order, in a transaction of its
 * own. Nodes that start together take turns. Returns what was applied now; throws StartupError when a migration fails
 * or when the database and this release do not belong together.
 */
export async function migrate(
  pool: Pool,
  { folder = MIGRATIONS }: { folder?: string } = {},
): Promise<AppliedMigration[]> {
  const files = await readMigrations(folder);
  const client = await pool.connect();
  try {
    await takeTurn(client);
    const pending = files.slice(await countApplied(client, files));
    for (const file of pending) await apply(client, file);
    return pending.map(({ version, name }) => ({ version, name }));
  } finally {
    // Closed, not returned: its end gives up the lock, and its timeouts are not those of the pool.
    client.release(true);
  }
}

async function takeTurn(client: PoolClient): Promise<void> {
  await client.query(`set statement_timeout = 0; set lock_timeout = ${TURN_WITHIN_MS}`);
  try {
    await client.query(patiently('select pg_advisory_lock($1, $2)', [LOCK_SPACE, LOCK_KEYS.migrations]));
  } catch (cause) {
    if ((cause as { code?: string }).code !== '55P03') throw cause;
    throw new StartupError(
      `Another server has been migrating the database for ${TURN_WITHIN_MS / 60_000} minutes: wait until it is done, or stop it, and start again.`,
      { cause },
    );
  }
  await client.query(
    `set lock_timeout = ${TABLE_LOCK_WITHIN_MS}; set statement_timeout = ${STATEMENT_WITHIN_MS};
     set idle_in_transaction_session_timeout = 0`,
  );
}

/** How many of the files the database has; what it has must be the beginning of them, unchanged. */
async function countApplied(client: PoolClient, files: MigrationFile[]): Promise<number> {
  await client.query(
    `create table if not exists schema_migrations (
       version    int primary key,
       name       text not null,
       checksum   text not null,
       applied_at timestamptz not null default now()
     )`,
  );
  const { rows } = await client.query<{ version: number; name: string; checksum: string }>(
    'select version, name, checksum from schema_migrations order by version',
  );
  for (const [index, row] of rows.entries()) {
    const file = files[index];
    if (file === undefined) {
      throw new StartupError(
        `The database is newer than this release, which does not know its migration ${row.name}: start the release that applied it, or a later one.`,
      );
    }
    if (row.version !== file.version || row.checksum !== file.checksum) {
      throw new StartupError(
        `The migration ${file.name} is not what was applied to the database as ${row.name}: restore the file as it was, and put the change in a new migration.`,
      );
    }
  }
  return rows.length;
}

async function apply(client: PoolClient, { version, name, text, checksum }: MigrationFile): Promise<void> {
  try {
    await client.query('begin');
    await client.query(patiently(text));
    if (client.getTransactionStatus() !== 'T') throw new Error('it ends the transaction that it runs in');
    await client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [
      version,
      name,
      checksum,
    ]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback').catch(() => {}); // the connection is closed in any case
    throw new StartupError(
      `The migration ${name} failed: ${(cause as Error).message}; the migrations before it are applied, mend the cause and start again.`,
      { cause },
    );
  }
}

/** Without the time limit on an answer that the pool's connections have. */
function patiently(text: string, values?: unknown[]): QueryConfig {
  const query: QueryConfig & { query_timeout: number } = { text, query_timeout: STATEMENT_WITHIN_MS + 60_000 };
  return values === undefined ? query : { ...query, values };
}
