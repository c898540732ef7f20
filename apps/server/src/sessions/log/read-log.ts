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
