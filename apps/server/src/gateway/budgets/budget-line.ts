/** A limit that holds for a session, and what was spent of it. */
export interface BudgetLine {
  scope: 'workspace' | 'agent' | 'turn';
  /** A workspace, an agent; of a turn its session. */
  scopeId: string;
  setBy: 'workspace' | 'platform' | 'agent';
  span: 'turn' | 'day' | 'month' | 'total';
  unit: 'usd' | 'tokens';
  /** Names the turn, the UTC day (2026-11-05), the UTC month (2026-11). */
  period: string;
  /** Nano-USD or tokens, as the unit says; so is `spent`. */
  bound: number;
  spent: number;
}

/** The columns of `budget_lines` and `admit_model_request`, by the names above. */
export const LINE_COLUMNS = `scope, scope_id as "scopeId", set_by as "setBy", span, unit, period, bound, spent`;

const NANO = 1e9;

export function isExhausted(line: BudgetLine): boolean {
  return line.spent >= line.bound;
}

/** An amount of the line in USD or tokens. */
export function amountOf(line: BudgetLine, which: 'bound' | 'spent'): number {
  return line.unit === 'usd' ? line[which] / NANO : line[which];
}

/** When the period of a limit ends; null: it does not end by itself. */
export function resetsAt({ span, period }: BudgetLine): Date | null {
  if (span === 'day') return new Date(Date.parse(`${period}T00:00:00Z`) + 86_400_000);
  if (span !== 'month') return null;
  const [year, month] = period.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, month, 1));
}

/** `limit_usd` and `spent_usd`, or the same in tokens. */
export function amounts(line: BudgetLine): Record<string, number> {
  return { [`limit_${line.unit}`]: amountOf(line, 'bound'), [`spent_${line.unit}`]: amountOf(line, 'spent') };
}
