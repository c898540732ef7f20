import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { type RateLimiterAbstract, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';

export const WINDOW_SECONDS = 60;
const REMEMBERED_MAX = 10_000;

/** What is left of a limit after a request was counted. */
export interface Count {
  allowed: boolean;
  remaining: number;
  /** Requests counted in this window so far, refused ones included. */
  used: number;
  /** Milliseconds until the window ends and the next one is full again. */
  resetMs: number;
}

/** Counts requests for all processes together. What asks the store throws when it cannot be reached. */
export interface Counters {
  count(policy: string, subject: string, points: number): Promise<Count>;
  /** Takes one back: the request was refused for another reason. */
  giveBack(policy: string, subject: string): Promise<void>;
  /** Milliseconds for which this process knows without asking that the limit is used up; 0: it does not know. */
  usedUpMs(policy: string, subject: string, points: number): number;
}

/** Counters in the platform's database. */
export function postgresCounters(pool: Pool): Counters {
  return countersOf(
    (points) =>
      new RateLimiterPostgres({
        storeClient: pool,
        storeType: 'pool',
        tableName: 'rate_limit_counters',
        // Our migration makes it, and our janitor purges it: the timer of the library cannot be closed.
        tableCreated: true,
        clearExpiredByTimeout: false,
        keyPrefix: '',
        points,
        duration: WINDOW_SECONDS,
      }),
  );
}

/** Any store of the library will do: `make` builds its limiter, `ask` is how it is asked. */
export function countersOf(
  make: (points: number) => RateLimiterAbstract,
  ask: <T>(question: () => Promise<T>) => Promise<T> = (question) => question(),
): Counters {
  const limiters = new Map<string, RateLimiterAbstract>();
  // A flood must cost the database nothing: whoever has used up a limit is refused from memory until the window ends.
  const usedUp = new LRUCache<string, { points: number; until: number }>({ max: REMEMBERED_MAX });

  const limiterOf = (policy: string, points: number) => {
    const known = limiters.get(policy);
    if (known?.points === points) return known;
    // The setting has changed. What is counted already stays counted: the names in the store are the same.
    const limiter = make(points);
    limiters.set(policy, limiter);
    return limiter;
  };

  return {
    count: async (policy, subject, points) => {
      const name = `${policy}:${subject}`;
      const { allowed, result } = await ask(() =>
        limiterOf(policy, points)
          .consume(name)
          .then(
            (result) => ({ allowed: true, result }),
            (refusal: unknown) => {
              if (!(refusal instanceof RateLimiterRes)) throw refusal;
              return { allowed: false, result: refusal };
            },
          ),
      );
      const resetMs = Math.max(result.msBeforeNext, 0);
      if (result.remainingPoints === 0) usedUp.set(name, { points, until: Date.now() + resetMs });
      return { allowed, remaining: result.remainingPoints, used: result.consumedPoints, resetMs };
    },
    giveBack: async (policy, subject) => {
      usedUp.delete(`${policy}:${subject}`);
      const limiter = limiters.get(policy);
      if (limiter) await ask(() => limiter.reward(`${policy}:${subject}`));
    },
    usedUpMs: (policy, subject, points) => {
      const known = usedUp.get(`${policy}:${subject}`);
      return known?.points === points ? Math.max(known.until - Date.now(), 0) : 0;
    },
  };
}
