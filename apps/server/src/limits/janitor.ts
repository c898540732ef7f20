import type { Pool } from 'pg';
import type { Logger } from 'pino';

const EVERY_MS = 60_000;
// Bounded, so that the first purge after a long time locks nothing for long.
const ROWS_MAX = 10_000;

const PURGES = [
  `delete from rate_limit_counters where key in
     (select key from rate_limit_counters where expire < extract(epoch from now()) * 1000 - 60000
       limit ${ROWS_MAX} for update skip locked)`,
  `delete from idempotency_requests where (workspace_id, key_id, key_hash) in
     (select workspace_id, key_id, key_hash from idempotency_requests where expires_at < now()
       limit ${ROWS_MAX} for update skip locked)`,
];

/** Removes what has expired, each minute. */
export function startJanitor(pool: Pool, log: Logger): { close(): Promise<void> } {
  let working: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    working = purgeExpired(pool).catch((error: unknown) => log.warn({ err: error }, 'failed to purge expired rows'));
  }, EVERY_MS);
  return {
    close: async () => {
      clearInterval(timer);
      await working;
    },
  };
}

export async function purgeExpired(pool: Pool): Promise<void> {
  for (const text of PURGES) await pool.query(text);
}
