import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { JobKind } from '../../../jobs/jobs.ts';
import { cutLog } from './cut-log.ts';
import { findCut, findDue } from './find-cut.ts';

const DAY_MS = 86_400_000;

export interface EventRetentionOptions {
  pool: Pool;
  settings: Settings;
  log: Logger;
  onRemoved(events: number): void;
}

/** Each hour, so that what goes at once is little. The setting is read when it runs; 0: nothing goes. */
export function eventRetention({ pool, settings, log, onRemoved }: EventRetentionOptions): JobKind {
  return {
    name: 'events.retention',
    cron: '23 * * * *',
    concurrency: 1,
    expiresAfterSeconds: 3_300,
    retries: 0,
    run: async (_data, signal) => {
      const days = settings.EVENT_RETENTION_DAYS;
      if (days === 0) return;
      const began = performance.now();
      const cut = await removeEvents(pool, new Date(Date.now() - days * DAY_MS), signal, onRemoved);
      if (cut.events > 0)
        log.info({ ...cut, days, duration_ms: Math.round(performance.now() - began) }, 'removed old events');
    },
  };
}

/** Removes the events from before a moment that nothing needs any more; what is left when the signal comes goes the next time. */
export async function removeEvents(
  pool: Pool,
  before: Date,
  signal: AbortSignal,
  onRemoved: (events: number) => void = () => {},
): Promise<{ events: number; sessions: number }> {
  const total = { events: 0, sessions: 0 };
  for await (const sessionId of findDue(pool, before, signal)) {
    const firstKept = await findCut(pool, sessionId, before);
    const removed = firstKept === null ? 0 : await cutLog(pool, sessionId, firstKept, signal);
    if (removed === 0) continue;
    onRemoved(removed);
    total.events += removed;
    total.sessions++;
  }
  return total;
}
