import { BUDGET_THRESHOLDS, type BudgetWarning } from '@aaas/contract/budgets';
import { newId } from '@aaas/contract/ids';
import type { Pool } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import { addNotice } from '../../sessions/log/add-notice.ts';
import type { Principal } from '../principal.ts';
import { amounts, type BudgetLine, LINE_COLUMNS } from './budget-line.ts';

const LINES = {
  name: 'budgets.lines-of-turn',
  text: `with turn as (select max(id) as id from (
           select id from turns where session_id = $3 and state = 'running' order by position desc limit 1) t)
         select turn.id as "turnId", ${LINE_COLUMNS}
           from turn cross join lateral budget_lines($1, $2, $3, turn.id, $4) l`,
};

/** A threshold that a limit has passed. */
export interface Crossing {
  line: BudgetLine;
  threshold: number;
}

/** What is to be warned of; nothing where nothing may be spent at all. */
export function crossingsOf(lines: BudgetLine[]): Crossing[] {
  return lines.flatMap((line) =>
    BUDGET_THRESHOLDS.filter((threshold) => line.bound > 0 && line.spent >= (line.bound * threshold) / 100).map(
      (threshold) => ({ line, threshold }),
    ),
  );
}

/**
 * Looks what the limits of a session say after a request of it, and leaves a warning in its log for each threshold that
 * was passed: once for each limit and period, whoever else looks at the same moment. `isGiven` spares what is known.
 */
export async function giveWarnings(
  pool: Pool,
  principal: Principal,
  isGiven: { has(key: string): boolean; set(key: string, value: true): void },
  now: Date,
): Promise<void> {
  const { workspaceId, agentId, sessionId } = principal;
  const values = [workspaceId, agentId, sessionId, now];
  const { rows } = await pool.query<BudgetLine & { turnId: string | null }>({ ...LINES, values });
  for (const { line, threshold } of crossingsOf(rows)) {
    const key = [line.scopeId, line.span, line.unit, line.period, line.bound, threshold];
    if (isGiven.has(key.join())) continue;
    const body: Omit<BudgetWarning, 'limit_usd'> = {
      scope: line.scope,
      period: line.span,
      threshold,
      ...amounts(line),
    };
    await transaction(pool, async (db) => {
      const given = await db.query(GIVE, [...key, workspaceId]);
      if (given.rowCount === 0) return;
      const turnId = rows[0]?.turnId ?? null;
      await addNotice(db, { sessionId, workspaceId, turnId, id: newId('sevt'), type: 'x.budget_warning', body }, now);
    });
    isGiven.set(key.join(), true);
  }
}

// Warnings of earlier periods go: of each limit there is one row for each threshold.
const GIVE = `
  with given as (
    insert into budget_warnings (scope_id, span, unit, period, bound, threshold, workspace_id)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning 1
  ), past as (
    delete from budget_warnings where scope_id = $1 and span = $2 and unit = $3 and period <> $4
  )
  select 1 from given`;
