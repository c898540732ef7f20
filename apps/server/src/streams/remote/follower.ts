import type { KnownNode } from '../../fleet/nodes/known-nodes.ts';
import type { SignedChannels } from '../../redis/signed-channels.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { StreamHub } from '../stream-hub.ts';
import { channelOf, FOLLOW_CHANNEL } from './channels.ts';
import { type Followed, newFollowed, takeNew } from './followed.ts';
import { Links } from './links.ts';
import { nodeOf } from './outgoing-signals.ts';
import { decodeBatch, type SignalBatch } from './signal-batch.ts';

export interface FollowerOptions {
  streams: StreamHub;
  /** Of this life of this node. */
  origin: string;
  /** Whether this node owns a session. */
  owns: (sessionId: string) => boolean;
  findOwners: (sessionIds: string[]) => Promise<Map<string, string>>;
  nodes: { all(): KnownNode[]; get(nodeId: string): KnownNode | undefined };
  headersFor: (method: string, path: string) => Record<string, string>;
  /** Null: there is no Redis. */
  channels: SignedChannels | null;
  metrics: Pick<Metrics, 'signalsPassed'>;
}

const TICK_MS = 250;
const TICKS_OF_A_SECOND = 4;
/** Owners are looked up so often though nobody said anything; a hint of another node is a reason at once. */
const LOOK_EVERY_MS = 5_000;
const HINTED_EVERY_MS = 100;
/** An owner that publishes in Redis has said so by then; else the session comes over a link. */
const SAID_WITHIN_MS = 300;
/** Who stops listening often begins again with the next message. */
const LINGER_MS = 5_000;
const AT_ONCE = 1_000;

/**
 * Brings what happens to sessions of other nodes to those who listen to them here: through Redis when both nodes use
 * it, else over a link to the owner. The ways may overlap: each signal is handed on once, by its number. What neither
 * brings is in the log, which the listeners look at by themselves.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #links: Links;
  readonly #timer: NodeJS.Timeout;
  readonly #stops: (() => void)[];
  #fresh = new Set<Followed>();
  #tick = 0;
  #closed = false;
  readonly #working = new Set<Promise<void>>();

  constructor(options: FollowerOptions) {
    this.#options = options;
    const { streams, channels, headersFor } = options;
    this.#links = new Links({
      headersFor,
      onBatch: (batch) => this.#heard(batch, 'node'),
      onJoined: (sessionIds) => this.#tellToRead(sessionIds),
      lastHeard: (sessionId, origin) => this.#followed.get(sessionId)?.heard.get(origin) ?? 0,
    });
    this.#stops = [streams.onListening((sessionId) => this.#follow(sessionId))];
    if (channels) this.#stops.push(channels.redis.onChange((healthy) => this.#redisChanged(healthy)));
    this.#timer = setInterval(() => this.#review(), TICK_MS);
  }

  /** @returns whether the signals of this node come here by themselves: that a session has changed there is no news. */
  hinted(sessionId: string, nodeId: string): boolean {
    const followed = this.#followed.get(sessionId);
    if (!followed) return false;
    if (followed.owner !== null && nodeOf(followed.owner) === nodeId) return true;
    if (this.#links.get(nodeId)?.carries(sessionId)) return true;
    // It may be a new owner.
    if (performance.now() - followed.lookedAt > HINTED_EVERY_MS) this.#do(this.#look([followed]));
    return false;
  }

  counts(): Record<'redis' | 'node' | 'log', number> {
    const counts = { redis: 0, node: 0, log: 0 };
    for (const followed of this.#followed.values()) counts[this.#wayOf(followed)] += 1;
    return counts;
  }

  /** A node is gone: what it owned will come from another. */
  gone(nodeId: string): void {
    const left = [...this.#followed.values()].filter(({ link, owner }) => {
      return link === nodeId || (owner !== null && nodeOf(owner) === nodeId);
    });
    for (const followed of left) this.#unlink(followed);
    for (const followed of left) followed.owner = null;
    this.#do(this.#look(left));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const stop of this.#stops) stop();
    await this.#links.close();
    await Promise.all(this.#working);
  }

  #follow(sessionId: string): void {
    const { owns, nodes } = this.#options;
    const known = this.#followed.get(sessionId);
    if (known) known.leftAt = null;
    if (known || this.#closed || owns(sessionId) || nodes.all().length === 0) return;
    const followed = newFollowed(sessionId, performance.now() + SAID_WITHIN_MS);
    this.#followed.set(sessionId, followed);
    this.#begin([followed]);
  }

  /** Those that begin in one moment go together. */
  #begin(some: Iterable<Followed>): void {
    if (this.#fresh.size === 0) setImmediate(() => this.#beginAll());
    for (const followed of some) this.#fresh.add(followed);
  }

  #beginAll(): void {
    const fresh = [...this.#fresh].filter((followed) => this.#followed.get(followed.sessionId) === followed);
    this.#fresh = new Set();
    if (this.#closed || fresh.length === 0) return;
    this.#do(this.#options.channels?.redis.healthy ? this.#join(fresh) : this.#look(fresh));
  }

  /** Hears the channels of sessions in Redis, and says so, for those who publish there only if somebody hears. */
  async #join(some: Followed[]): Promise<void> {
    const { channels } = this.#options;
    for (let at = 0; at < some.length; at += AT_ONCE) {
      const part = some.slice(at, at + AT_ONCE).filter(({ channel }) => channel === 'none');
      if (!channels || part.length === 0) continue;
      const sessionIds = part.map(({ sessionId }) => sessionId);
      for (const followed of part) followed.channel = 'joining';
      try {
        await channels.subscribe(sessionIds.map(channelOf), (text) => this.#read(text));
        for (const followed of part) if (followed.channel === 'joining') followed.channel = 'joined';
        for (const followed of part) followed.lookDue = performance.now() + SAID_WITHIN_MS;
        await channels.publish([{ channel: FOLLOW_CHANNEL, text: JSON.stringify(sessionIds) }]);
        this.#tellToRead(sessionIds);
      } catch {
        // Redis is away: that is another change.
        for (const followed of part) followed.channel = 'none';
      }
    }
  }

  /** Follows sessions over links to their owners, as far as these are known and do not publish in Redis. */
  async #look(some: Followed[]): Promise<void> {
    for (let at = 0; at < some.length; at += AT_ONCE) {
      const part = some.slice(at, at + AT_ONCE);
      const now = performance.now();
      for (const followed of part) Object.assign(followed, { lookedAt: now, lookDue: now + LOOK_EVERY_MS });
      const owners = await this.#options.findOwners(part.map(({ sessionId }) => sessionId)).catch(() => null);
      // Without the database all stays as it is.
      if (!owners || this.#closed) return;
      const unsaid: string[] = [];
      for (const followed of part) {
        if (this.#followed.get(followed.sessionId) !== followed) continue;
        const owner = owners.get(followed.sessionId) ?? null;
        if (followed.owner !== null && nodeOf(followed.owner) === owner) continue;
        if (followed.channel === 'joined') unsaid.push(followed.sessionId);
        followed.owner = null;
        this.#link(followed, owner);
      }
      await this.#ask(unsaid);
    }
  }

  #link(followed: Followed, owner: string | null): void {
    const address = owner === null ? null : (this.#options.nodes.get(owner)?.address ?? null);
    if (followed.link !== owner) this.#unlink(followed);
    if (owner === null || address === null) return;
    followed.link = owner;
    this.#links.to(owner, address).add(followed.sessionId);
  }

  #unlink(followed: Followed): void {
    if (followed.link !== null) this.#links.get(followed.link)?.remove(followed.sessionId);
    followed.link = null;
  }

  #redisChanged(healthy: boolean): void {
    if (healthy) {
      this.#begin(this.#followed.values());
      return;
    }
    for (const followed of this.#followed.values()) {
      followed.channel = 'none';
      followed.owner = null;
    }
    this.#do(this.#look([...this.#followed.values()]));
  }

  #read(text: string): void {
    const batch = decodeBatch(text);
    if (batch) this.#heard(batch, 'redis');
  }

  #heard(batch: SignalBatch, via: 'redis' | 'node'): void {
    const { streams, origin: own, metrics } = this.#options;
    const { sessionId, origin, owner, signals } = batch;
    const followed = this.#followed.get(sessionId);
    if (!followed || origin === own) return;
    metrics.signalsPassed('received', via, signals.length);
    const isNew = !followed.heard.has(origin);
    for (const signal of takeNew(followed, origin, signals)) streams.hear(sessionId, signal);
    const isOwner = owner || (via === 'redis' && nodeOf(origin) === followed.link);
    // Whoever publishes for the first time may be a new owner, who has heard nobody ask yet.
    if (!isOwner && isNew && via === 'redis') this.#do(this.#ask([sessionId]));
    if (!isOwner || followed.owner === origin) return;
    followed.owner = origin;
    if (followed.link === null) return;
    this.#unlink(followed);
    this.#tellToRead([sessionId]);
  }

  /** What came before a way was open may have been missed. */
  #tellToRead(sessionIds: string[]): void {
    for (const sessionId of sessionIds) this.#options.streams.hear(sessionId, { kind: 'changed' });
  }

  #review(): void {
    const { streams, owns, channels } = this.#options;
    const now = performance.now();
    this.#tick += 1;
    const left: Followed[] = [];
    for (const followed of this.#followed.values()) {
      if (streams.isListened(followed.sessionId)) followed.leftAt = null;
      else followed.leftAt ??= now;
      if (owns(followed.sessionId) || (followed.leftAt !== null && now - followed.leftAt > LINGER_MS))
        left.push(followed);
    }
    this.#leave(left);
    const due = [...this.#followed.values()].filter(({ lookDue }) => lookDue <= now);
    if (due.length > 0) this.#do(this.#look(due));
    if (this.#tick % TICKS_OF_A_SECOND !== 0) return;
    // Sessions that this node owned when somebody began to listen may have gone to another.
    for (const sessionId of streams.listened()) this.#follow(sessionId);
    this.#links.prune(now);
    if (channels?.redis.healthy) this.#begin([...this.#followed.values()].filter(({ channel }) => channel === 'none'));
  }

  /** Asks the owners of sessions to say so in Redis. */
  async #ask(sessionIds: string[]): Promise<void> {
    if (sessionIds.length === 0) return;
    const text = JSON.stringify(sessionIds);
    await this.#options.channels?.publish([{ channel: FOLLOW_CHANNEL, text }]).catch(() => {});
  }

  #leave(some: Followed[]): void {
    if (some.length === 0) return;
    for (const followed of some) {
      this.#followed.delete(followed.sessionId);
      this.#unlink(followed);
    }
    const heard = some.filter(({ channel }) => channel !== 'none').map(({ sessionId }) => channelOf(sessionId));
    if (heard.length > 0) this.#do(this.#options.channels?.unsubscribe(heard).catch(() => {}));
  }

  #wayOf(followed: Followed): 'redis' | 'node' | 'log' {
    if (followed.channel === 'joined' && followed.owner !== null) return 'redis';
    return followed.link !== null && this.#links.get(followed.link)?.carries(followed.sessionId) ? 'node' : 'log';
  }

  #do(work: Promise<void> | undefined): void {
    if (!work) return;
    const working: Promise<void> = work.finally(() => this.#working.delete(working));
    this.#working.add(working);
  }
}
