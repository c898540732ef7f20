import type { Pool } from 'pg';
import { type BudgetLine, LINE_COLUMNS } from './budget-line.ts';

const FIND = {
  name: 'budgets.lines',
  text: `select ${LINE_COLUMNS} from budget_lines($1, $2, null, null, $3) where span <> 'turn'`,
};

/** The limits of an agent and of its workspace, with null those of the workspace alone. Those of a turn are left out. */
export async function findLines(
  pool: Pool,
  of: { workspaceId: string; agentId: string | null },
  now: Date,
): Promise<BudgetLine[]> {
  return (await pool.query<BudgetLine>({ ...FIND, values: [of.workspaceId, of.agentId, now] })).rows;
}
