import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { SharedRedis } from '../redis/shared-redis.ts';
import { type Counters, countersOf, WINDOW_SECONDS } from './counters.ts';

/** Counters in the Redis that the nodes share. They throw RedisAway at once while it is away. */
export function redisCounters(redis: SharedRedis): Counters {
  return countersOf(
    (points) =>
      new RateLimiterRedis({
        storeClient: redis.commands,
        keyPrefix: redisKeyPrefix(redis),
        points,
        duration: WINDOW_SECONDS,
      }),
    (question) => redis.run(question),
  );
}

/** The library puts a colon behind it, and the name of the count. */
export function redisKeyPrefix(redis: SharedRedis): string {
  return `${redis.prefix}limit`;
}
