import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { RedisAway } from '../redis/redis-away.ts';
import type { SharedRedis } from '../redis/shared-redis.ts';
import { carryToDatabase, carryToRedis } from './carry-counts.ts';
import { type Count, type Counters, postgresCounters } from './counters.ts';
import { HeldCounts } from './held-counts.ts';
import { redisCounters } from './redis-counters.ts';

/**
 * Counters in Redis, and in the database while it is away. A window that is open goes on where it is when the store
 * changes: each process carries over what it last saw of each count, and a count never becomes less by that.
 */
export function insuredCounters(redis: SharedRedis, pool: Pool, log: Logger): Counters {
  const quick = redisCounters(redis);
  const durable = postgresCounters(pool);
  const held = new HeldCounts();
  let inRedis = redis.healthy;
  /** Resolves when the database knows what this process knows; null: it is to be told. */
  let carried: Promise<void> | null = Promise.resolve();

  const toDatabase = () => {
    const carrying = carryToDatabase(pool, held.open());
    carried = carrying;
    carrying.catch((error: unknown) => {
      // Whoever counts next tries again.
      if (carried === carrying) carried = null;
      log.warn({ err: error }, 'failed to carry the counts of the limits over to the database; it is tried again');
    });
    return carrying;
  };
  redis.onChange((healthy) => {
    if (!healthy) {
      inRedis = false;
      toDatabase().catch(() => {});
      return;
    }
    // Until it is told, counts go on in the database. If it goes away meanwhile, that is another change.
    carryToRedis(redis, held.open()).then(
      () => {
        inRedis = redis.healthy;
      },
      () => {},
    );
  });

  const note = (name: string, count: Count) => {
    held.note(name, count.used, count.resetMs);
    return count;
  };
  return {
    count: async (policy, subject, points) => {
      const name = `${policy}:${subject}`;
      if (inRedis) {
        try {
          return note(name, await quick.count(policy, subject, points));
        } catch (error) {
          if (!(error instanceof RedisAway)) throw error;
        }
      }
      await (carried ?? toDatabase());
      return note(name, await durable.count(policy, subject, points));
    },
    giveBack: async (policy, subject) => {
      held.giveBack(`${policy}:${subject}`);
      await (inRedis ? quick : durable).giveBack(policy, subject);
    },
    usedUpMs: (policy, subject, points) =>
      Math.max(quick.usedUpMs(policy, subject, points), durable.usedUpMs(policy, subject, points)),
  };
}
