import type { Pool } from 'pg';
import { type BudgetLine, LINE_COLUMNS } from './budget-line.ts';

const OF_AGENT = {
  name: 'budgets.lines',
  text: `select ${LINE_COLUMNS} from budget_lines($1, $2, $3, $4, $5)`,
};

/**
 * What holds for an agent, or with null for the workspace alone. Limits of a turn come only with the session and its
 * turn.
 */
export async function findLines(
  pool: Pool,
  of: { workspaceId: string; agentId: string | null; sessionId?: string; turnId?: string | null },
  now: Date,
): Promise<BudgetLine[]> {
  const values = [of.workspaceId, of.agentId, of.sessionId ?? null, of.turnId ?? null, now];
  return (await pool.query<BudgetLine>({ ...OF_AGENT, values })).rows;
}
