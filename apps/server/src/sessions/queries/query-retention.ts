import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { JobKind } from '../../jobs/jobs.ts';

const BATCH = 5_000;

/** Answers of queries in workspaces that ask nothing any more; elsewhere each new query removes some. */
export function queryRetention(options: { pool: Pool; settings: Settings; onRemoved(rows: number): void }): JobKind {
  return {
    name: 'queries.retention',
    cron: '11 * * * *',
    concurrency: 1,
    expiresAfterSeconds: 600,
    retries: 0,
    run: async (_data, signal) => {
      for (let removed = BATCH; removed === BATCH && !signal.aborted; ) {
        const result = await options.pool.query(
          `delete from queries where id in (
             select id from queries where ended_at < now() - make_interval(secs => $1) limit ${BATCH}
                for update skip locked)`,
          [options.settings.QUERY_RETENTION],
        );
        removed = result.rowCount ?? 0;
        options.onRemoved(removed);
      }
    },
  };
}
