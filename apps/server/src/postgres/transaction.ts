import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';

const MAX_RETRIES = 3;
const FIRST_DELAY_MS = 10;
/** serialization_failure and deadlock_detected: PostgreSQL undid this one so that another could go on. */
const RETRYABLE = new Set(['40001', '40P01']);

/**
 * Runs `fn` in a transaction: committed when it resolves, rolled back when it throws. After a deadlock or a
 * serialization failure all of it runs again, at most three times, so `fn` must have no effects but in the database.
 */
export async function transaction<T>(pool: Pool, fn: (db: PoolClient) => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await attempt(pool, fn);
    } catch (error) {
      if (retry === MAX_RETRIES || !RETRYABLE.has((error as { code?: string }).code ?? '')) throw error;
    }
    // Both sides of a deadlock must not meet again at the same moment.
    await delay(FIRST_DELAY_MS * 2 ** retry * (0.5 + Math.random()));
  }
}

async function attempt<T>(pool: Pool, fn: (db: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await fn(client);
    const { command } = await client.query('commit');
    // PostgreSQL answers the commit of a failed transaction with a rollback, not with an error.
    if (command === 'ROLLBACK') throw new Error('the transaction was rolled back: a statement in it failed unnoticed');
    return result;
  } catch (error) {
    // A client that cannot roll back must not return to the pool, where the next one would work in its transaction.
    await client.query('rollback').catch((cause: Error) => {
      broken = cause;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
