import type { BudgetState } from '@aaas/contract/budgets';
import { amountOf, type BudgetLine, isExhausted, resetsAt } from '../../../../gateway/budgets/budget-line.ts';

export function presentLine(line: BudgetLine): BudgetState {
  return {
    scope: line.scope,
    set_by: line.setBy,
    period: line.span,
    unit: line.unit,
    limit: amountOf(line, 'bound'),
    spent: amountOf(line, 'spent'),
    exhausted: isExhausted(line),
    resets_at: resetsAt(line)?.toISOString() ?? null,
  };
}
