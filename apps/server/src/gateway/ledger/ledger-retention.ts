import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { JobKind } from '../../jobs/jobs.ts';

const DAY_MS = 86_400_000;
const BATCH = 5_000;

export interface LedgerRetentionOptions {
  pool: Pool;
  settings: Settings;
  log: Logger;
  onRemoved(rows: number): void;
}

/** Each night. The setting is read when it runs; 0: nothing goes. */
export function ledgerRetention({ pool, settings, log, onRemoved }: LedgerRetentionOptions): JobKind {
  return {
    name: 'ledger.retention',
    cron: '41 3 * * *',
    concurrency: 1,
    expiresAfterSeconds: 21_600,
    retries: 3,
    run: async (_data, signal) => {
      const days = settings.LEDGER_RETENTION_DAYS;
      if (days === 0) return;
      // Whole days: those are summed already.
      const before = new Date((Math.floor(Date.now() / DAY_MS) - days) * DAY_MS);
      const removed = await removeModelRequests(pool, before, signal, onRemoved);
      if (removed > 0) log.info({ removed, before: before.toISOString() }, 'removed old model requests of the ledger');
    },
  };
}

// Said before it is so: nobody takes what is left of a day for all of it.
const MARK = `
  insert into retention_marks (what, kept_from) values ('model_requests', $1)
  on conflict (what) do update set kept_from = greatest(retention_marks.kept_from, excluded.kept_from)`;

const DELETE = {
  name: 'ledger.delete',
  text: `delete from model_requests where (at, id) in (
           select at, id from model_requests where at < $1 order by at, id limit ${BATCH})`,
};

/** Removes the model requests from before a midnight (UTC). What was summed of them stays. @returns how many went */
export async function removeModelRequests(
  pool: Pool,
  before: Date,
  signal: AbortSignal,
  onRemoved: (rows: number) => void = () => {},
): Promise<number> {
  await pool.query(MARK, [before]);
  let removed = 0;
  for (let gone = BATCH; gone === BATCH && !signal.aborted; removed += gone) {
    const began = performance.now();
    gone = (await pool.query({ ...DELETE, values: [before] })).rowCount ?? 0;
    onRemoved(gone);
    await sleep(performance.now() - began);
  }
  return removed;
}
