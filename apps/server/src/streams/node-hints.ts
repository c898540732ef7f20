import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import type { SignedChannels } from '../redis/signed-channels.ts';
import type { StreamHub, StreamSignal } from './stream-hub.ts';

export interface NodeHintsOptions {
  pool: Pool;
  nodeId: string;
  streams: StreamHub;
  /** How many other nodes there are. */
  others: () => number;
  /** Null: there is no Redis. */
  channels: SignedChannels | null;
  /** A node says that a session has changed there. True: the listeners here know it already. */
  onChanged(sessionId: string, nodeId: string): boolean;
  /** Another node says that a session has something to do. */
  onWake(sessionId: string): void;
  /** Keys were changed on another node, or may have been. */
  onKeysChanged(): void;
  log: Logger;
}

const CHANNEL = 'aaas_sessions';
const NOTIFY = { name: 'streams.notify', text: 'select pg_notify($1, said) from unnest($2::text[]) said' };
const REDIS_CHANNEL = 'hints';
// The first hint goes at once, those of so long after it together: a NOTIFY for each commit would end the group commit
// of the whole server.
const BATCH_MS = 20;
/** PostgreSQL takes less than 8,000 bytes. */
const PAYLOAD_MAX_CHARS = 7_500;
// Redis has no commits to wait for: what belongs to one moment goes together.
const REDIS_BATCH_MS = 1;
/** So often it is asked whether every node hears in Redis. */
const ROLL_CALL_MS = 2_000;
const RECONNECT_MS = 1_000;

/** What is said of a session: its log grew, it was deleted, it has something to do. */
const CHANGED = '';
const DELETED = '-';
const WAKE = '+';
/** Instead of a session. */
const KEYS = '!';

/**
 * Tells the other nodes which sessions have changed here, and hears it from them. Hints only: whoever listens reads the
 * log, and looks at it once a second though nobody said anything. They go through Redis, and through the database (on a
 * connection of their own) unless Redis says that it has handed them to every node there is.
 */
export class NodeHints {
  readonly #options: NodeHintsOptions;
  readonly #waiting = new Set<string>();
  readonly #rollCall: NodeJS.Timeout;
  readonly #stops: (() => void)[];
  #batch: NodeJS.Timeout | null = null;
  #flushing = false;
  #lastAt = Number.NEGATIVE_INFINITY;
  #client: PoolClient | null = null;
  /** Every other node heard the last thing that was said in Redis. */
  #allInRedis = false;
  #heardBefore = false;
  #closed = false;
  #connecting: Promise<void>;

  constructor(options: NodeHintsOptions) {
    this.#options = options;
    const { streams, channels } = options;
    this.#stops = [streams.onPublished((sessionId, { kind }) => this.#published(sessionId, kind))];
    if (channels) {
      this.#stops.push(channels.redis.onChange((healthy) => this.#redisChanged(healthy)));
      if (channels.redis.healthy) this.#redisChanged(true);
    }
    this.#rollCall = setInterval(() => void this.#sayInRedis([options.nodeId]), ROLL_CALL_MS);
    this.#connecting = this.#connect();
  }

  /** A session that is not owned here has something to do. */
  wake(sessionId: string): void {
    this.#say(`${WAKE}${sessionId}`);
  }

  /** Keys were changed here. */
  keysChanged(): void {
    this.#say(KEYS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    clearInterval(this.#rollCall);
    if (this.#batch) clearTimeout(this.#batch);
    await this.#connecting;
    this.#client?.release(true);
    this.#client = null;
  }

  #published(sessionId: string, kind: StreamSignal['kind']): void {
    if (kind === 'deleted') this.#say(`${DELETED}${sessionId}`);
    // Who follows a session in Redis gets its events there.
    else if (kind === 'events' && !this.#allInRedis) this.#say(`${CHANGED}${sessionId}`);
  }

  #say(hint: string): void {
    if (this.#options.others() === 0 || this.#closed) return;
    this.#waiting.add(hint);
    if (!this.#flushing) this.#schedule();
  }

  #schedule(): void {
    const apart = this.#allInRedis ? REDIS_BATCH_MS : BATCH_MS;
    const wait = Math.max(this.#lastAt + apart - performance.now(), 0);
    this.#batch ??= setTimeout(() => void this.#flush(), wait);
  }

  /** One batch at a time: what comes meanwhile is in the next. */
  async #flush(): Promise<void> {
    this.#batch = null;
    this.#flushing = true;
    this.#lastAt = performance.now();
    const all = payloads(this.#options.nodeId, [...this.#waiting]);
    this.#waiting.clear();
    if (!(await this.#sayInRedis(all))) await this.#notify(all);
    this.#flushing = false;
    if (this.#waiting.size > 0 && !this.#closed) this.#schedule();
  }

  /** A hint that is lost costs a second: no longer is waited for a database that does not answer. */
  async #notify(all: string[]): Promise<void> {
    const said = this.#client?.query({ ...NOTIFY, values: [CHANNEL, all] }).catch(() => {});
    await Promise.race([said, sleep(RECONNECT_MS, undefined, { ref: false })]);
  }

  /** @returns whether every node has got it. */
  async #sayInRedis(all: string[]): Promise<boolean> {
    const { channels, others } = this.#options;
    if (!channels?.redis.healthy || this.#closed) return false;
    const receivers = await channels
      .publish(all.map((text) => ({ channel: REDIS_CHANNEL, text })))
      .catch((): number[] => [0]);
    // This node is one of them.
    this.#allInRedis = Math.min(...receivers) > others();
    return this.#allInRedis;
  }

  #redisChanged(healthy: boolean): void {
    this.#allInRedis = false;
    // What was said when it went may be lost.
    if (!healthy) this.#options.onKeysChanged();
    else this.#listenInRedis();
  }

  #listenInRedis(): void {
    this.#options.channels
      ?.subscribe([REDIS_CHANNEL], (text) => this.#hear(text))
      .then(() => this.#sayInRedis([this.#options.nodeId]))
      .catch(() => {});
  }

  #hear(payload: string | undefined): void {
    const { nodeId, streams, onKeysChanged, onWake, onChanged } = this.#options;
    const [from = '', ...hints] = (payload ?? '').split(' ');
    if (from === nodeId) return;
    for (const hint of hints) {
      if (hint === KEYS) onKeysChanged();
      else if (hint.startsWith(WAKE)) onWake(hint.slice(1));
      else if (hint.startsWith(DELETED)) streams.hear(hint.slice(1), { kind: 'deleted' });
      else if (!onChanged(hint, from)) streams.hear(hint, { kind: 'changed' });
    }
  }

  async #connect(): Promise<void> {
    while (!this.#closed) {
      let client: PoolClient | undefined;
      try {
        client = await this.#options.pool.connect();
        await this.#listenOn(client);
        // Whatever was said while nobody listened here is lost.
        if (this.#heardBefore) this.#options.onKeysChanged();
        this.#heardBefore = true;
        return;
      } catch (error) {
        client?.release(true);
        this.#options.log.warn({ error: (error as Error).message }, 'cannot listen for hints of other nodes');
        await sleep(RECONNECT_MS, undefined, { ref: false });
      }
    }
  }

  async #listenOn(client: PoolClient): Promise<void> {
    client.on('notification', ({ payload }) => this.#hear(payload));
    client.once('error', () => this.#lost(client));
    client.once('end', () => this.#lost(client));
    // A hint is not worth waiting for the disk.
    await client.query('set synchronous_commit = off');
    await client.query(`listen ${CHANNEL}`);
    this.#client = client;
  }

  #lost(client: PoolClient): void {
    if (this.#client !== client) return;
    this.#client = null;
    client.release(true);
    if (!this.#closed) this.#connecting = this.#connect();
  }
}

/** The hints of one node in as few messages as they fit in. */
function payloads(nodeId: string, hints: string[]): string[] {
  const all: string[] = [];
  let payload = nodeId;
  for (const hint of hints) {
    if (payload.length + 1 + hint.length > PAYLOAD_MAX_CHARS) {
      all.push(payload);
      payload = nodeId;
    }
    payload += ` ${hint}`;
  }
  return hints.length === 0 ? all : [...all, payload];
}
