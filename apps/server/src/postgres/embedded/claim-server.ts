import { hostname } from 'node:os';
import pg from 'pg';
import { LOCK_KEYS, LOCK_SPACE } from '../advisory-lock-keys.ts';
import { DATABASE, DATABASE_USER, SOCKET_PORT } from './connection-target.ts';
import { isSameDirectory } from './postmaster-file.ts';

const ANSWER_WITHIN_MS = 5_000;
const OWNER_LOCK = [LOCK_SPACE, LOCK_KEYS.embeddedOwner];

export type Claim =
  /** Ours, as long as this connection lasts. */
  | { kind: 'owned'; client: pg.Client; versionNumber: number }
  | { kind: 'taken'; by: string }
  /** Nothing listens there. */
  | { kind: 'none' }
  /** Alive, but starting up or shutting down. */
  | { kind: 'busy' }
  /** It does not answer, or is the server of another data directory. */
  | { kind: 'unusable'; cause: unknown };

/**
 * Takes the lock that says which process an embedded database belongs to. It lies on a connection that is kept for it
 * and so ends with the process, however that dies: a database without it is an orphan that may be stopped,
 * one with it must not be touched by a second server on the same DATA_DIR.
 */
export async function claimServer(socketDir: string, cluster: string): Promise<Claim> {
  const client = new pg.Client({
    host: socketDir,
    port: SOCKET_PORT,
    user: DATABASE_USER,
    database: DATABASE,
    ssl: false, // whatever PGSSLMODE says
    application_name: `aaas process ${process.pid} on ${hostname()}`.slice(0, 63),
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
  });
  client.on('error', () => {}); // its 'end' is what counts
  const claim = await tryClaim(client, cluster).catch((cause: unknown) => toClaim(cause));
  if (claim.kind !== 'owned') await client.end().catch(() => {});
  return claim;
}

async function tryClaim(client: pg.Client, cluster: string): Promise<Claim> {
  await client.connect();
  const { rows } = await client.query<{ directory: string; version: number; mine: boolean }>(
    `select current_setting('data_directory') as directory,
            current_setting('server_version_num')::int as version,
            pg_try_advisory_lock($1, $2) as mine`,
    OWNER_LOCK,
  );
  const [row] = rows;
  if (row === undefined || !(await isSameDirectory(row.directory, cluster))) {
    return { kind: 'unusable', cause: new Error(`the server in the socket's directory serves ${row?.directory}`) };
  }
  if (row.mine) return { kind: 'owned', client, versionNumber: row.version };
  const holders = await client.query<{ name: string }>(
    `select application_name as name from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and granted and classid = $1 and objid = $2 and objsubid = 2`,
    OWNER_LOCK,
  );
  return { kind: 'taken', by: holders.rows[0]?.name ?? 'a process that is just ending' };
}

function toClaim(cause: unknown): Claim {
  const { code } = cause as { code?: string };
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return { kind: 'none' };
  if (code === '57P03') return { kind: 'busy' };
  return { kind: 'unusable', cause };
}
