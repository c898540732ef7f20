import pg from 'pg';
import { columnTypes } from './column-types.ts';
import { SOCKET_PORT } from './embedded/connection-target.ts';

const APPLICATION_NAME = 'aaas';
/** A statement of the platform takes milliseconds; what takes this long holds locks that others wait for. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** What a node that stands still holds locked in the midst of a transaction keeps nobody longer than that. */
const IDLE_IN_TRANSACTION_MS = 10_000;
/** Longer than that: who waits for such a node gets the lock, not an error. */
const LOCK_TIMEOUT_MS = 15_000;
/** For a server that vanished with its answer: later than its own timeout, which gives the better error. */
const ANSWER_TIMEOUT_MS = 40_000;
/** To open a connection, or to wait for a free one. */
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_CONNECTION_MS = 30_000;
/** Connections are renewed, so that they spread again after a failover and their memory stays bounded. */
const CONNECTION_LIFETIME_S = 30 * 60;

export type PoolTarget = { connectionString: string } | { host: string; user: string; database: string };

/** The part of a pino logger that a pool needs. */
export interface PoolLog {
  warn(details: object, message: string): void;
}

export interface PoolOptions {
  max: number;
  log: PoolLog;
  /** Of a node: its sessions are taken when its lease has ended, and must not be locked by it then. In milliseconds. */
  leaseMs?: number;
}

/** Connections to the platform's database. bigint comes as a number, timestamptz as a Date. `end()` closes it. */
export function createPool(target: PoolTarget, { max, log, leaseMs }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...connectionOf(target),
    max,
    types: columnTypes,
    application_name: APPLICATION_NAME,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: Math.min(leaseMs ?? IDLE_IN_TRANSACTION_MS, IDLE_IN_TRANSACTION_MS),
    query_timeout: ANSWER_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    maxLifetimeSeconds: CONNECTION_LIFETIME_S,
    keepAlive: true,
  });
  pool.on('error', ({ message, code }: Error & { code?: string }) => {
    // Not the error itself: it carries the whole client. And a server that stops while we do is no news.
    if (!pool.ending) log.warn({ error: message, code }, 'an idle database connection was lost');
  });
  // The pool listens to idle clients only: a client that is checked out and between two queries when its connection
  // breaks would end the process with an unhandled 'error'. Its next query fails anyway.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** How a client reaches the database. */
export function connectionOf(target: PoolTarget) {
  if ('connectionString' in target) return target;
  // Said in full, for the environment (PGPORT, PGSSLMODE) is about other servers than the embedded one.
  return { host: target.host, user: target.user, database: target.database, port: SOCKET_PORT, ssl: false };
}
