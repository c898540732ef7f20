import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';

/** Events that go in one statement: some ten milliseconds of locks that nobody waits for. */
const BATCH = 2_000;

const DELETE = {
  name: 'retention.delete',
  text: `
    delete from events where session_id = $1 and seq = any (array(
      select seq from events where session_id = $1 and seq < $2 order by seq limit ${BATCH}))`,
};

/**
 * Removes the events of a session below a sequence, oldest first. Rests after each batch for as long as that took, so that
 * those who write meanwhile have the greater part of the database. @returns how many went.
 */
export async function cutLog(pool: Pool, sessionId: string, firstKept: number, signal: AbortSignal): Promise<number> {
  let removed = 0;
  while (!signal.aborted) {
    const began = performance.now();
    const gone = (await pool.query({ ...DELETE, values: [sessionId, firstKept] })).rowCount ?? 0;
    removed += gone;
    if (gone < BATCH) break;
    await sleep(performance.now() - began);
  }
  // Each has done its work: the event that it became stood in the log.
  await pool.query('delete from notices where session_id = $1 and logged_seq < $2', [sessionId, firstKept]);
  return removed;
}
