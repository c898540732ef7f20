import type { Pool } from 'pg';
import { countFreshly } from './count-freshly.ts';

const COUNT = {
  name: 'metrics.open-approvals',
  text: `select count(*)::int as count from approvals where state = 'open'`,
};

/** The open approvals of all workspaces; null: the database did not say in time. */
export function openApprovals(pool: Pool): () => Promise<number | null> {
  return countFreshly(async () => (await pool.query<{ count: number }>(COUNT)).rows[0]?.count ?? 0);
}
