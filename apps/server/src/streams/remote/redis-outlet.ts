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
  readonly #batcher = new Batcher((batches) => void this.#publish(batches, false));
  readonly #remove: () => void;

  constructor(options: RedisOutletOptions) {
    this.#options = options;
    this.#remove = options.outgoing.add(this);
  }

  wants(sessionId: string): boolean {
    const { channels, others } = this.#options;
    return channels.redis.healthy && others() > 0 && !this.#quiet.has(sessionId);
  }

  send(sessionId: string, signal: NumberedSignal): void {
    this.#batcher.add(sessionId, signal);
  }

  /** Somebody begins to follow these; `owned`: those that this node owns, which it says. */
  followed(sessionIds: string[], owned: string[]): void {
    for (const sessionId of sessionIds) this.#quiet.delete(sessionId);
    if (owned.length === 0) return;
    // With what was written of late: some of it may have gone another way until now, and come later by it.
    const { outgoing } = this.#options;
    void this.#publish(new Map(owned.map((sessionId) => [sessionId, outgoing.deltasAfter(sessionId, 0)])), true);
  }

  close(): void {
    this.#remove();
    this.#batcher.close();
  }

  async #publish(batches: Map<string, NumberedSignal[]>, owner: boolean): Promise<void> {
    const { channels, outgoing, metrics } = this.#options;
    const { origin } = outgoing;
    const sent = [...batches];
    const messages = sent.map(([sessionId, signals]) => ({
      channel: channelOf(sessionId),
      text: encodeBatch({ sessionId, origin, owner, signals }),
    }));
    try {
      const receivers = await channels.publish(messages);
      for (const [index, [sessionId, signals]] of sent.entries()) {
        if (receivers[index] === 0) this.#quiet.set(sessionId, true);
        else metrics.signalsPassed('sent', 'redis', signals.length);
      }
    } catch {
      // Redis is away: whoever follows comes another way, and misses nothing of the log.
    }
  }
}
