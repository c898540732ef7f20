import { ApiError } from '@aaas/contract/errors';
import type { UsageDimension } from '@aaas/contract/usage';
import type { Pool } from 'pg';
import { readsSessions, type UsageFilter, wholeDays } from './sum-usage.ts';

const DAY_MS = 86_400_000;
/** LEDGER_RETENTION_DAYS is no less. */
const KEPT_DAYS_MIN = 35;

/**
 * Whole days are summed for ever; a report by sessions, or of a part of a day, needs the single requests.
 * @throws no_longer_kept when those that it needs were removed: it would be less than the truth
 */
export async function requireLedger(
  pool: Pool,
  filter: UsageFilter,
  groupBy: UsageDimension[],
  now: Date,
): Promise<void> {
  const days = readsSessions(filter, groupBy) ? { from: filter.until, to: filter.until } : wholeDays(filter);
  const needsStart = filter.since < days.from;
  const needsEnd = days.to < filter.until;
  if (!(needsStart || needsEnd) || filter.since.getTime() > now.getTime() - KEPT_DAYS_MIN * DAY_MS) return;
  const result = await pool.query<{ keptFrom: Date }>({
    name: 'usage.kept-from',
    text: `select kept_from as "keptFrom" from retention_marks where what = 'model_requests'`,
  });
  const keptFrom = result.rows[0]?.keptFrom;
  if (!keptFrom) return;
  if ((needsStart && filter.since < keptFrom) || (needsEnd && days.to < keptFrom)) {
    throw new ApiError(
      'no_longer_kept',
      `Single model requests from before ${keptFrom.toISOString()} are no longer kept: of that time ask for whole days (UTC), and not by session.`,
    );
  }
}
