import type { UsageDimension } from '@aaas/contract/usage';
import { stringify } from 'csv-stringify/sync';
import { fieldsOf, presentFigures } from './present-usage.ts';
import type { UsageGroup } from './sum-usage.ts';

const DIGITS = 9;

/**
 * The groups as CSV with a header. Names are their tenants' text: one that a spreadsheet would take for a formula
 * begins with an apostrophe.
 */
export function usageCsv(groups: UsageGroup[], groupBy: UsageDimension[]): string {
  const fields = fieldsOf(groupBy);
  const figures = Object.keys(presentFigures(EMPTY));
  const rows = groups.map((group) => {
    const { cost_usd, ...counts } = presentFigures(group);
    return [...fields.map((field) => group[field]), ...Object.values(counts), cost_usd.toFixed(DIGITS)];
  });
  return stringify([[...fields, ...figures], ...rows], { escape_formulas: true });
}

const EMPTY = {
  requests: 0,
  unpriced_requests: 0,
  input_tokens: 0,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_5m_input_tokens: 0,
  cache_creation_1h_input_tokens: 0,
  cost_nanousd: 0,
};
