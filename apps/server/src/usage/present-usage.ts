import type { UsageDimension, UsageFigures, UsageRow } from '@aaas/contract/usage';
import { DIMENSIONS } from './dimensions.ts';
import type { UsageGroup, UsageSums } from './sum-usage.ts';

const NANO = 1e9;

/** The fields of a row, in their order. */
export function fieldsOf(groupBy: UsageDimension[]): string[] {
  return groupBy.flatMap((name) => Object.keys(DIMENSIONS[name].fields));
}

export function presentFigures(sums: UsageSums): UsageFigures {
  const fiveMinutes = sums.cache_creation_5m_input_tokens;
  const oneHour = sums.cache_creation_1h_input_tokens;
  return {
    requests: sums.requests,
    unpriced_requests: sums.unpriced_requests,
    input_tokens: sums.input_tokens,
    output_tokens: sums.output_tokens,
    cache_read_input_tokens: sums.cache_read_input_tokens,
    cache_creation_input_tokens: fiveMinutes + oneHour,
    cache_creation_5m_input_tokens: fiveMinutes,
    cache_creation_1h_input_tokens: oneHour,
    cost_usd: sums.cost_nanousd / NANO,
  };
}

export function presentGroup(group: UsageGroup, groupBy: UsageDimension[]): UsageRow {
  const named = Object.fromEntries(fieldsOf(groupBy).map((field) => [field, group[field]]));
  return { ...named, ...presentFigures(group) };
}
