import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Metrics } from '../telemetry/metrics.ts';
import { createConnection } from './connect.ts';
import { inTime } from './in-time.ts';
import { failureOf, RedisAway } from './redis-away.ts';

export interface SharedRedisOptions {
  url: string;
  /** What all names in Redis begin with. */
  prefix: string;
  nodeId: string;
  log: Logger;
  metrics: Pick<Metrics, 'redisFailed'>;
}

/** A command gets so long. It is waited for once: from then on nobody asks until Redis has answered again. */
const COMMAND_MS = 200;
const PROBE_EVERY_MS = 500;
/** How long Redis must answer before it is used again; twice as long with each time that it goes soon after. */
const CALM_MS = 800;
const CALM_MAX_MS = 30_000;
const SOON_MS = 60_000;
const FIRST_LOOK_MS = 1_000;

// What all uses of it need: scripts that write, and the right to publish.
const PROBE = `redis.call('set', KEYS[1], ARGV[1], 'PX', 10000)
return redis.call('get', KEYS[1])`;

type Listener = (healthy: boolean) => void;
type Hearer = (message: string, channel: string) => void;

/**
 * The Redis that the nodes share: one connection for commands, one that hears. Nothing in it is the truth. While it is
 * known to be away nobody asks it; it is away as soon as a command fails or a connection closes, and back when both
 * connections have answered for a while.
 */
export class SharedRedis {
  readonly prefix: string;
  /** For `run` alone, and to build on what it is given there. */
  readonly commands: Redis;
  readonly #options: SharedRedisOptions;
  readonly #subscriber: Redis;
  readonly #listeners = new Set<Listener>();
  readonly #channels = new Map<string, Hearer>();
  #healthy = false;
  #closed = false;
  #missed = false;
  #why = `no connection within ${FIRST_LOOK_MS} ms`;
  #healthySince = Number.NEGATIVE_INFINITY;
  #answersSince: number | null = null;
  #calmMs = 0;
  #probing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;

  private constructor(options: SharedRedisOptions) {
    this.#options = options;
    this.prefix = options.prefix;
    this.commands = createConnection(options.url, `aaas:${options.nodeId}`);
    this.#subscriber = createConnection(options.url, `aaas:${options.nodeId}:hears`);
    for (const connection of [this.commands, this.#subscriber]) {
      connection.on('error', (error: Error) => this.#lose(error));
      connection.on('close', () => this.#lose(null));
      connection.connect().catch(() => {});
    }
    this.#subscriber.on('message', (channel: string, message: string) =>
      this.#channels.get(channel)?.(message, channel),
    );
  }

  /** Returns after the first look, a second at most: also without Redis. */
  static async open(options: SharedRedisOptions): Promise<SharedRedis> {
    const redis = new SharedRedis(options);
    const deadline = performance.now() + FIRST_LOOK_MS;
    while (!redis.#healthy && performance.now() < deadline) {
      await redis.#probe();
      if (!redis.#healthy) await new Promise((resolve) => setTimeout(resolve, 25));
    }
    if (!redis.#healthy) redis.#tell();
    redis.#calmMs = CALM_MS;
    redis.#schedule();
    return redis;
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  /** Why it is not healthy, for a person. */
  get why(): string {
    return this.#why;
  }

  /** Called at each change. @returns the function that ends it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @throws RedisAway at once while it is away, and after COMMAND_MS at the latest. */
  async run<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.#healthy) throw new RedisAway(this.#why);
    try {
      return await inTime(COMMAND_MS, work(this.commands));
    } catch (error) {
      this.#lose(error);
      throw new RedisAway((error as Error).message, { cause: error });
    }
  }

  /**
   * Hears channels. Ends when Redis goes away: ask again when it is back.
   * @throws RedisAway
   */
  async subscribe(channels: string[], listener: Hearer): Promise<void> {
    if (!this.#healthy) throw new RedisAway(this.#why);
    for (const channel of channels) this.#channels.set(channel, listener);
    await this.run(() => this.#subscriber.subscribe(...channels));
  }

  async unsubscribe(channels: string[]): Promise<void> {
    for (const channel of channels) this.#channels.delete(channel);
    if (this.#healthy && channels.length > 0) await this.run(() => this.#subscriber.unsubscribe(...channels));
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#probing;
    this.#healthy = false;
    this.commands.disconnect();
    this.#subscriber.disconnect();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#probing = this.#probe().finally(() => this.#schedule());
    }, PROBE_EVERY_MS);
  }

  async #probe(): Promise<void> {
    try {
      const { nodeId } = this.#options;
      const key = `${this.prefix}probe:${nodeId}`;
      if (this.commands.status !== 'ready' || this.#subscriber.status !== 'ready') return;
      await inTime(
        COMMAND_MS,
        Promise.all([this.commands.eval(PROBE, 1, key, '1'), this.commands.publish(key, ''), this.#subscriber.ping()]),
      );
      this.#answered();
    } catch (error) {
      this.#lose(error);
      // What hangs may have answers under way that nobody waits for any more.
      if (failureOf(error) === 'timeout') for (const one of [this.commands, this.#subscriber]) one.disconnect(true);
    }
  }

  #answered(): void {
    if (this.#healthy || this.#closed) return;
    const now = performance.now();
    this.#answersSince ??= now;
    if (now - this.#answersSince < this.#calmMs) return;
    this.#healthy = true;
    this.#healthySince = now;
    this.#tell();
  }

  /** `error`: null when a connection was closed, which may be told of after its reason. */
  #lose(error: unknown): void {
    if (this.#closed) return;
    if (error) this.#why = (error as Error).message;
    else if (this.#healthy) this.#why = 'the connection was closed';
    this.#answersSince = null;
    if (!this.#healthy) return;
    this.#options.metrics.redisFailed(failureOf(error));
    const soon = performance.now() - this.#healthySince < SOON_MS;
    this.#calmMs = soon ? Math.min(this.#calmMs * 2, CALM_MAX_MS) : CALM_MS;
    this.#healthy = false;
    this.#channels.clear();
    // Redis must know too that nobody hears here: whoever publishes goes by how many do.
    if (this.#subscriber.status === 'ready') this.#subscriber.disconnect(true);
    this.#tell();
  }

  #tell(): void {
    const { log } = this.#options;
    if (this.#healthy) {
      // Who was warned that it is away is told that it is back.
      log[this.#missed ? 'warn' : 'info']('Redis answers: limits, keys and streams go through it');
    } else {
      this.#missed = true;
      log.warn(
        { reason: this.#why },
        'Redis does not answer: limits are counted in the database, and streams come from the nodes themselves, until it does',
      );
    }
    for (const listener of this.#listeners) listener(this.#healthy);
  }
}
