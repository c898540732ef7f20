import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { SharedRedis } from '../redis/shared-redis.ts';
import { postgresCounters } from './counters.ts';
import { RequestsUnderWay } from './idempotency/requests-under-way.ts';
import { insuredCounters } from './insured-counters.ts';
import { startJanitor } from './janitor.ts';
import { type LimitMetrics, RateLimiter } from './rate-limiter.ts';

/** What keeps requests within bounds, and its timers. */
export interface Limits {
  limiter: RateLimiter;
  underWay: RequestsUnderWay;
  close(): Promise<void>;
}

export function startLimits(pool: Pool, redis: SharedRedis | null, log: Logger, metrics: LimitMetrics): Limits {
  const underWay = new RequestsUnderWay(pool, log);
  const janitor = startJanitor(pool, log);
  return {
    limiter: new RateLimiter(redis ? insuredCounters(redis, pool, log) : postgresCounters(pool), log, metrics),
    underWay,
    close: async () => {
      await underWay.close();
      await janitor.close();
    },
  };
}
