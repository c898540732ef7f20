import { STATUSES, type Status } from '@aaas/contract/lifecycle';
import type { Pool } from 'pg';

/** Agents of all workspaces by status, each status with its number; null: the database did not say in time. */
export type ActiveAgents = () => Promise<Record<Status, number> | null>;

const COUNT = `select s.status, count(*)::int as count
                 from agents a join sessions s on s.id = a.main_session_id
                where a.archived_at is null group by s.status`;
// However many scrape, and however often.
const FRESH_MS = 5_000;
const PATIENCE_MS = 2_000;

/** Counts at most once in five seconds, and never for longer than two: a scrape must not hang on the database. */
export function activeAgents(pool: Pool): ActiveAgents {
  let counted: Promise<Record<Status, number> | null> | null = null;
  let staleAt = 0;
  return async () => {
    const now = performance.now();
    if (counted === null || now >= staleAt) {
      staleAt = now + FRESH_MS;
      counted = count(pool).catch(() => {
        staleAt = 0;
        return null;
      });
    }
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(late.resolve, PATIENCE_MS, null);
    return Promise.race([counted, late.promise]).finally(() => clearTimeout(timer));
  };
}

async function count(pool: Pool): Promise<Record<Status, number>> {
  const { rows } = await pool.query<{ status: Status; count: number }>({ name: 'metrics.active-agents', text: COUNT });
  const counts = Object.fromEntries(Object.keys(STATUSES).map((status) => [status, 0])) as Record<Status, number>;
  for (const row of rows) counts[row.status] = row.count;
  return counts;
}
