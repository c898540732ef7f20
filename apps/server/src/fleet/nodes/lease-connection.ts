import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { connectionOf, type PoolTarget } from '../../postgres/pool.ts';

const LOCK_POLL_MS = 100;
/** Heartbeats come this often in a lease, and a lease is so many patiences long. */
const LEASE_IN_PATIENCES = 3;

const LOCK = `select pg_try_advisory_lock(hashtextextended('aaas node ' || $1, 0)) as locked`;
// A node that was cut off from the database, and then killed, holds its lock until the database notices, which may take
// hours. Its lease is over: it may not act, and what it writes names a life that has ended.
const END_DEAD_HOLDER = `
  select pg_terminate_backend(l.pid) from pg_locks l join nodes n on n.id = $1
   where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
     and l.database = (select oid from pg_database where datname = current_database())
     and ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('aaas node ' || $1, 0)
     and n.heartbeat_at < now() - make_interval(secs => $2::double precision / 1000)`;
const HEARTBEAT = 'select heartbeat_at::text as beat from nodes where id = $1';
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
  #closed = false;

  /** @param patienceMs how long the database gets to answer, or to let us in. */
  constructor(target: PoolTarget, nodeId: string, patienceMs: number) {
    this.#target = target;
    this.#nodeId = nodeId;
    this.#patienceMs = patienceMs;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Waits for a node that holds the lock to be dead for certain, which takes as long as its lease.
   * @returns whether the id is locked now; false: another server holds it, and lives.
   */
  async lock(): Promise<boolean> {
    const leaseMs = this.#patienceMs * LEASE_IN_PATIENCES;
    const beat = async () => (await this.query<{ beat: string }>(HEARTBEAT, [this.#nodeId]))[0]?.beat;
    let first: string | undefined;
    for (const deadline = Date.now() + leaseMs + this.#patienceMs; ; await sleep(LOCK_POLL_MS)) {
      await this.keepLock();
      if (this.#locked) return true;
      first ??= await beat();
      if (Date.now() > deadline || (await beat()) !== first) return false;
      await this.query(END_DEAD_HOLDER, [this.#nodeId, leaseMs]);
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
    this.#closed = true;
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
