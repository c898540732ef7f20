import { LRUCache } from 'lru-cache';
import type { SignedChannels } from '../../redis/signed-channels.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { Batcher } from './batcher.ts';
import { channelOf } from './channels.ts';
import type { OutgoingSignals, Outlet } from './outgoing-signals.ts';
import { encodeBatch, type NumberedSignal } from './signal-batch.ts';

export interface RedisOutletOptions {
  channels: SignedChannels;
  outgoing: OutgoingSignals;
  /** How many other nodes there are. */
  others: () => number;
  metrics: Pick<Metrics, 'signalsPassed'>;
}

/** Whoever was heard by nobody is silent so long, then tries again: a node that begins to follow also says so. */
const QUIET_MS = 1_000;
const QUIET_MAX = 100_000;

/** Publishes signals in Redis, each session on its channel, as long as somebody hears them there. */
export class RedisOutlet implements Outlet {
  readonly #options: RedisOutletOptions;
  readonly #quiet = new LRUCache<string, true>({ max: QUIET_MAX, ttl: QUIET_MS });
  /** Of these everything goes to Redis since a while. */
  readonly #flowing = new LRUCache<string, true>({ max: QUIET_MAX });
  /** Of these it is to be said that this node owns them. */
  readonly #toSay = new Set<string>();
  readonly #batcher = new Batcher((batches) => void this.#publish(batches));
  readonly #stops: (() => void)[];

  constructor(options: RedisOutletOptions) {
    this.#options = options;
    this.#stops = [
      options.outgoing.add(this),
      options.channels.redis.onChange((healthy) => healthy || this.#flowing.clear()),
    ];
  }

  wants(sessionId: string): boolean {
    const { channels, others } = this.#options;
    return channels.redis.healthy && others() > 0 && !this.#quiet.has(sessionId);
  }

  send(sessionId: string, signal: NumberedSignal): void {
    if (this.#flowing.has(sessionId)) this.#batcher.add(sessionId, signal);
    else this.#batcher.add(sessionId, ...this.#begin(sessionId), signal);
  }

  /** Somebody begins to follow these; `owned`: those that this node owns, which it says. */
  followed(sessionIds: string[], owned: string[]): void {
    for (const sessionId of sessionIds) this.#quiet.delete(sessionId);
    if (owned.length === 0) return;
    for (const sessionId of owned) {
      this.#toSay.add(sessionId);
      this.#batcher.add(sessionId, ...(this.#flowing.has(sessionId) ? [] : this.#begin(sessionId)));
    }
  }

  /** What was written of late: some of it may have gone another way until now, and come later by it. */
  #begin(sessionId: string): NumberedSignal[] {
    this.#flowing.set(sessionId, true);
    return this.#options.outgoing.deltasAfter(sessionId, 0);
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#batcher.close();
  }

  async #publish(batches: Map<string, NumberedSignal[]>): Promise<void> {
    const { channels, outgoing, metrics } = this.#options;
    const { origin } = outgoing;
    const sent = [...batches];
    const messages = sent.map(([sessionId, signals]) => ({
      channel: channelOf(sessionId),
      text: encodeBatch({ sessionId, origin, owner: this.#toSay.delete(sessionId), signals }),
    }));
    try {
      const receivers = await channels.publish(messages);
      for (const [index, [sessionId, signals]] of sent.entries()) {
        if (receivers[index] === 0) {
          this.#quiet.set(sessionId, true);
          this.#flowing.delete(sessionId);
        } else metrics.signalsPassed('sent', 'redis', signals.length);
      }
    } catch {
      for (const [sessionId] of sent) this.#flowing.delete(sessionId);
      // Redis is away: whoever follows comes another way, and misses nothing of the log.
    }
  }
}
