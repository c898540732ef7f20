import { STATUSES, type Status } from '@aaas/contract/lifecycle';
import type { Pool } from 'pg';
import { countFreshly } from './count-freshly.ts';

/** Agents of all workspaces by status, each status with its number; null: the database did not say in time. */
export type ActiveAgents = () => Promise<Record<Status, number> | null>;

const COUNT = `select s.status, count(*)::int as count
                 from agents a join sessions s on s.id = a.main_session_id
                where a.archived_at is null group by s.status`;
export function activeAgents(pool: Pool): ActiveAgents {
  return countFreshly(() => count(pool));
}

async function count(pool: Pool): Promise<Record<Status, number>> {
  const { rows } = await pool.query<{ status: Status; count: number }>({ name: 'metrics.active-agents', text: COUNT });
  const counts = Object.fromEntries(Object.keys(STATUSES).map((status) => [status, 0])) as Record<Status, number>;
  for (const row of rows) counts[row.status] = row.count;
  return counts;
}
