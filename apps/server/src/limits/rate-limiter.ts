import type { Logger } from 'pino';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Count, Counters } from './counters.ts';
import type { Limit } from './limits-of.ts';

const PATIENCE_MS = 1_000;
const LOGGED_EACH_MS = 10_000;

export type LimitMetrics = Pick<Metrics, 'limitReached' | 'limitFailed'>;

export type CountedLimit = Limit & Count;

/** Counts requests against limits. */
export class RateLimiter {
  readonly #counters: Counters;
  readonly #log: Logger;
  readonly #metrics: LimitMetrics;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(counters: Counters, log: Logger, metrics: LimitMetrics) {
    this.#counters = counters;
    this.#log = log;
    this.#metrics = metrics;
  }

  /**
   * Counts one request against each of the limits: all of them as they are now, or those alone that refuse it. What
   * one of them refuses uses up none of the others.
   *
   * When the store fails the answer is empty, and the request goes on: the store is the database that the request
   * itself needs, so refusing would add nothing but an outage when the counters alone are at fault.
   */
  async count(limits: Limit[]): Promise<CountedLimit[]> {
    try {
      const refused = limits.map((limit) => this.#usedUp(limit)).filter((limit) => limit !== null);
      if (refused.length > 0) return this.#refuse(refused);
      const counted = await within(PATIENCE_MS, Promise.all(limits.map((limit) => this.#countOne(limit))));
      if (counted.every(({ allowed }) => allowed)) return counted;
      for (const { allowed, policy, subject } of counted) {
        if (!allowed) continue;
        // Refused it stays, whatever comes of this.
        this.#counters.giveBack(policy, subject).catch((error: unknown) => this.#reportFailure(error));
      }
      return this.#refuse(counted.filter(({ allowed }) => !allowed));
    } catch (error) {
      this.#reportFailure(error);
      return [];
    }
  }

  #refuse(refused: CountedLimit[]): CountedLimit[] {
    this.#metrics.limitReached(refused[0]?.policy as string);
    return refused;
  }

  #usedUp(limit: Limit): CountedLimit | null {
    const resetMs = this.#counters.usedUpMs(limit.policy, limit.subject, limit.points);
    return resetMs > 0 ? { ...limit, allowed: false, remaining: 0, used: limit.points, resetMs } : null;
  }

  async #countOne(limit: Limit): Promise<CountedLimit> {
    return { ...limit, ...(await this.#counters.count(limit.policy, limit.subject, limit.points)) };
  }

  #reportFailure(error: unknown): void {
    this.#metrics.limitFailed();
    if (performance.now() - this.#loggedAt < LOGGED_EACH_MS) return;
    this.#loggedAt = performance.now();
    this.#log.warn({ err: error }, 'requests are not counted: the store of the limits fails');
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
