import { ApiError } from '@aaas/contract/errors';
import type { LoggedEvent } from '@aaas/contract/events';
import type { Pool } from 'pg';

const READ = {
  name: 'log.read',
  text: `select seq, id, type, turn_id as "turnId", at, payload from events
          where session_id = $1 and seq > $2 order by seq limit $3`,
};

/** Events of a session after a sequence, oldest first. The caller has checked that the session is its tenant's. */
export async function readLog(pool: Pool, sessionId: string, after: number, limit: number): Promise<LoggedEvent[]> {
  const result = await pool.query<LoggedEvent>({ ...READ, values: [sessionId, after, limit] });
  return result.rows;
}

const THERE = { name: 'log.there', text: 'select 1 from session_heads where session_id = $1' };

/** Whether there is a session that a log could be of. */
export async function hasLog(pool: Pool, sessionId: string): Promise<boolean> {
  return (await pool.query({ ...THERE, values: [sessionId] })).rows.length > 0;
}

const FIRST = {
  name: 'log.first',
  text: 'select seq from events where session_id = $1 order by seq limit 1',
};

/** The first sequence that is kept of a log; null: it is empty. */
export async function findFirstKept(pool: Pool, sessionId: string): Promise<number | null> {
  return (await pool.query<{ seq: number }>({ ...FIRST, values: [sessionId] })).rows[0]?.seq ?? null;
}

/**
 * For a reader who has had the events up to `after`; with 0 none, so that it can miss none.
 * @throws no_longer_kept when events between those and the first one that is kept were removed.
 */
export function requireUncut(after: number, firstKept: number | null | undefined): void {
  if (after === 0 || firstKept == null || firstKept <= after + 1) return;
  const last = firstKept - 1;
  throw new ApiError(
    'no_longer_kept',
    `Events ${after + 1} to ${last} were removed: they are older than the platform keeps events. What is left follows after ${last}.`,
  );
}
