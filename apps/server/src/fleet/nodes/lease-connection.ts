import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { connectionOf, type PoolTarget } from '../../postgres/pool.ts';

// A node that was killed a moment ago holds its lock until the database notices.
const LOCK_WAIT_MS = 3_000;
const LOCK_POLL_MS = 50;

const LOCK = `select pg_try_advisory_lock(hashtextextended('aaas node ' || $1, 0)) as locked`;
const BACKEND = 'select pid, backend_start::text as started from pg_stat_activity where pid = pg_backend_pid()';
// The database may not know yet that the connection before is gone, and would keep its lock for hours.
const END_BACKEND =
  'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start::text = $2';

/**
 * The connection on which a node renews its lease: its own, so that no other work is before it in a queue, and with the
 * lock on the node's id for as long as it lives. It is opened again when it was lost.
 */
export class LeaseConnection {
  readonly #target: PoolTarget;
  readonly #nodeId: string;
  readonly #patienceMs: number;
  #client: pg.Client | null = null;
  #backend: { pid: number; started: string } | null = null;
  #locked = false;

  /** @param patienceMs how long the database gets to answer, or to let us in. */
  constructor(target: PoolTarget, nodeId: string, patienceMs: number) {
    this.#target = target;
    this.#nodeId = nodeId;
    this.#patienceMs = patienceMs;
  }

  /** @returns whether the id is locked now; false: another server holds it. */
  async lock(): Promise<boolean> {
    for (const deadline = Date.now() + LOCK_WAIT_MS; ; await sleep(LOCK_POLL_MS)) {
      await this.keepLock();
      if (this.#locked) return true;
      if (Date.now() > deadline) return false;
    }
  }

  /** Takes the lock again when it went with a connection, if it can be had: what guards rows is the incarnation. */
  async keepLock(): Promise<void> {
    if (this.#locked) return;
    this.#locked = (await this.query<{ locked: boolean }>(LOCK, [this.#nodeId]))[0]?.locked ?? false;
  }

  /** Opens the connection if it is not open. Whatever fails on it closes it. */
  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    const client = this.#client ?? (await this.#open());
    try {
      return (await client.query<Row>(text, values)).rows;
    } catch (error) {
      this.#drop(client);
      throw error;
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {});
  }

  async #open(): Promise<pg.Client> {
    const client = new pg.Client({
      ...connectionOf(this.#target),
      application_name: 'aaas lease',
      connectionTimeoutMillis: this.#patienceMs,
      query_timeout: this.#patienceMs,
      statement_timeout: this.#patienceMs,
      keepAlive: true,
    });
    client.on('error', () => this.#drop(client));
    client.on('end', () => this.#drop(client));
    try {
      await client.connect();
      const before = this.#backend;
      if (before) await client.query(END_BACKEND, [before.pid, before.started]);
      this.#backend = (await client.query(BACKEND)).rows[0] ?? null;
    } catch (error) {
      this.#drop(client);
      throw error;
    }
    this.#client = client;
    return client;
  }

  #drop(client: pg.Client): void {
    if (this.#client === client) {
      this.#client = null;
      this.#locked = false;
    }
    // Not asked politely: whoever does not answer would not hear that either.
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}
