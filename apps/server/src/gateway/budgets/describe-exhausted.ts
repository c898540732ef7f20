import { amountOf, type BudgetLine, resetsAt } from './budget-line.ts';

const SPANS = { turn: 'per turn', day: 'per day', month: 'per month', total: 'in total' } as const;

/** The sentence that everybody reads: which budget, its limit, what was spent, and what to do. */
export function describeExhausted(line: BudgetLine): string {
  const { scope, span } = line;
  const owner = scope === 'workspace' ? 'workspace' : 'agent';
  const spent = `${money(line, 'spent')} of ${money(line, 'bound')} ${line.unit === 'usd' ? 'USD' : 'tokens'}`;
  return `The budget of this ${owner} ${SPANS[span]} is used up: ${spent} spent. ${remedy(line)}`;
}

function remedy(line: BudgetLine): string {
  const raise = raiseIt(line);
  const at = resetsAt(line)?.toISOString();
  if (at) return `It begins again at ${at}; ${raise} to go on before.`;
  if (line.span === 'turn') return `Send another message, or ${raise}.`;
  return `${capitalised(raise)} to go on.`;
}

function raiseIt({ setBy, span, unit }: BudgetLine): string {
  const name = span === 'total' ? `total_${unit}` : `per_${span}_${unit}`;
  if (setBy === 'platform') return `have the operator of the platform raise the ceiling ${name}`;
  return setBy === 'agent' ? `raise config.budget.${name} of the agent` : `raise ${name} at /api/v1/budgets`;
}

/** Cents, and more digits where cents would say nothing. */
function money(line: BudgetLine, which: 'bound' | 'spent'): string {
  const amount = amountOf(line, which);
  if (line.unit === 'tokens') return String(amount);
  return Number.isInteger(amount * 100) ? amount.toFixed(2) : String(Number(amount.toFixed(9)));
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
