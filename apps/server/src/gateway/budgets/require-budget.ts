import { ApiError } from '@aaas/contract/errors';
import type { Pool, PoolClient } from 'pg';
import { type BudgetLine, LINE_COLUMNS } from './budget-line.ts';
import { describeExhausted } from './describe-exhausted.ts';

// A repeated message is none: it gets the turn that it has.
const EXHAUSTED = {
  name: 'budgets.exhausted',
  text: `
    select ${LINE_COLUMNS}
      from sessions s cross join lateral budget_lines(s.workspace_id, s.agent_id, s.id, null, $3) l
     where s.id = $1 and s.workspace_id = $2 and l.spent >= l.bound
       and not exists (select 1 from inputs i where i.session_id = s.id and i.idempotency_key = $4)
     limit 1`,
};

/**
 * Refuses a message whose first model request would be refused, before anything is started for it.
 * @throws ApiError `budget_exceeded`.
 */
export async function requireBudget(
  db: Pool | PoolClient,
  session: { workspaceId: string; sessionId: string },
  idempotencyKey: string | null,
  now: Date,
): Promise<void> {
  const values = [session.sessionId, session.workspaceId, now, idempotencyKey];
  const line = (await db.query<BudgetLine>({ ...EXHAUSTED, values })).rows[0];
  if (line) throw new ApiError('budget_exceeded', describeExhausted(line));
}
