import type { Pool } from 'pg';
import type { SharedRedis } from '../redis/shared-redis.ts';
import type { HeldCount } from './held-counts.ts';
import { redisKeyPrefix } from './redis-counters.ts';

const AT_ONCE = 1_000;

// What stands there may be of this window, from other processes that knew more, or of one that has ended.
const TO_DATABASE = {
  name: 'limits.carry',
  text: `insert into rate_limit_counters as c (key, points, expire)
         select * from unnest($1::text[], $2::integer[], $3::bigint[])
         on conflict (key) do update
           set points = case when c.expire <= $4 then excluded.points else greatest(c.points, excluded.points) end,
               expire = greatest(c.expire, excluded.expire)`,
};

const TO_REDIS = `
for i, key in ipairs(KEYS) do
  local used, ttl = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local counted = tonumber(redis.call('get', key) or '0')
  local left = redis.call('pttl', key)
  redis.call('set', key, math.max(counted, used), 'PX', math.max(left, ttl, 1))
end
return #KEYS`;

/** Counts in the database go on from these at least. */
export async function carryToDatabase(pool: Pool, counts: HeldCount[]): Promise<void> {
  for (const some of inParts(counts)) {
    await pool.query({
      ...TO_DATABASE,
      values: [some.map((c) => c.name), some.map((c) => c.used), some.map((c) => Math.ceil(c.endsAt)), Date.now()],
    });
  }
}

/** Counts in Redis go on from these at least. @throws RedisAway */
export async function carryToRedis(redis: SharedRedis, counts: HeldCount[]): Promise<void> {
  const prefix = redisKeyPrefix(redis);
  for (const some of inParts(counts)) {
    const keys = some.map(({ name }) => `${prefix}:${name}`);
    const values = some.flatMap(({ used, endsAt }) => [used, Math.max(Math.ceil(endsAt - Date.now()), 1)]);
    await redis.run((commands) => commands.eval(TO_REDIS, keys.length, ...keys, ...values));
  }
}

function inParts(counts: HeldCount[]): HeldCount[][] {
  return Array.from({ length: Math.ceil(counts.length / AT_ONCE) }, (_, n) =>
    counts.slice(n * AT_ONCE, (n + 1) * AT_ONCE),
  );
}
