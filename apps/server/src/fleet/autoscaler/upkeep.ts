import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { JobKind } from '../../jobs/jobs.ts';

const BATCH = 5_000;
/** Nobody averages over more than an hour; a day is for people who ask what happened. */
const SAMPLES_KEPT_HOURS = 24;

/** Removes old samples and decisions of auto-scaling. Settings are read when it runs. */
export function autoscalerUpkeep(options: { pool: Pool; settings: Settings; log: Logger }): JobKind[] {
  const { pool, settings, log } = options;
  return [
    {
      name: 'autoscaler.purge',
      cron: '41 * * * *',
      concurrency: 1,
      expiresAfterSeconds: 1_800,
      retries: 3,
      run: async (_data, signal) => {
        const removed = await purgeScaling(pool, settings.SCALE_RETENTION_DAYS, signal);
        if (removed > 0) log.info({ removed }, 'removed old samples and decisions of auto-scaling');
      },
    },
  ];
}

/** @returns how many rows went. */
export async function purgeScaling(pool: Pool, decisionDays: number, signal: AbortSignal): Promise<number> {
  const old = [
    ['scale_samples', `${SAMPLES_KEPT_HOURS} hours`],
    ['scale_decisions', `${decisionDays} days`],
  ] as const;
  let removed = 0;
  for (const [table, age] of old) {
    for (let batch = BATCH; batch === BATCH && !signal.aborted; removed += batch) {
      const deleted = await pool.query(
        `delete from ${table} where id in (
           select id from ${table} where at < now() - $1::interval order by at limit ${BATCH})`,
        [age],
      );
      batch = deleted.rowCount ?? 0;
    }
  }
  return removed;
}
