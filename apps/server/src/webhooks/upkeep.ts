import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { JobKind } from '../jobs/jobs.ts';
import { DELIVERY_QUEUE } from './delivery/delivery-queue.ts';

export const PURGE_JOB = 'webhooks.purge';
const BATCH = 2_000;

/** What is done for webhooks now and then. Settings are read when it runs. */
export function webhookUpkeep(options: { pool: Pool; settings: Settings; log: Logger }): JobKind[] {
  const { pool, settings, log } = options;
  return [
    {
      name: PURGE_JOB,
      cron: '17 3 * * *',
      concurrency: 1,
      expiresAfterSeconds: 3_600,
      retries: 5,
      run: async (_data, signal) => {
        const removed = await purgeDeliveries(pool, settings.WEBHOOK_RETENTION_DAYS, signal);
        if (removed > 0) log.info({ removed }, 'removed old webhook deliveries');
      },
    },
    {
      name: 'webhooks.backlog',
      cron: '* * * * *',
      concurrency: 1,
      expiresAfterSeconds: 60,
      retries: 0,
      run: async () => {
        const disabled = await disableOverfull(pool, settings.WEBHOOK_MAX_PENDING);
        if (disabled.length > 0) log.warn({ webhooks: disabled }, 'disabled webhooks: too many deliveries wait');
      },
    },
    {
      name: 'webhooks.lost-jobs',
      cron: '* * * * *',
      concurrency: 1,
      expiresAfterSeconds: 60,
      retries: 0,
      run: async () => {
        const found = await holdJobless(pool);
        if (found > 0) log.warn({ deliveries: found }, 'webhook deliveries had lost their jobs, and get new ones');
      },
    },
  ];
}

// One look-up in the index for each webhook that has deliveries, however many those are.
const WITH_DELIVERIES = `
  with recursive owners (id) as (
      (select webhook_id from webhook_deliveries order by webhook_id limit 1)
    union all
      select (select d.webhook_id from webhook_deliveries d where d.webhook_id > owners.id order by d.webhook_id limit 1)
        from owners where owners.id is not null
  )
  select owners.id, exists (select 1 from webhooks w where w.id = owners.id) as kept from owners where owners.id is not null`;

/** Removes deliveries that are older than so many days, and all of webhooks that are no more. */
export async function purgeDeliveries(pool: Pool, days: number, signal: AbortSignal): Promise<number> {
  const { rows } = await pool.query<{ id: string; kept: boolean }>(WITH_DELIVERIES);
  let removed = 0;
  for (const { id, kept } of rows) {
    for (let batch = BATCH; batch === BATCH && !signal.aborted; removed += batch) {
      const deleted = await pool.query(
        `delete from webhook_deliveries where id in (
           select d.id from webhook_deliveries d
            where d.webhook_id = $1 and (not $2 or d.id < webhook_delivery_floor(now() - make_interval(days => $3)))
            order by d.id limit ${BATCH})`,
        [id, kept, days],
      );
      batch = deleted.rowCount ?? 0;
    }
  }
  return removed;
}

/** Switches webhooks off for which more than `max` deliveries wait: nobody takes them. */
async function disableOverfull(pool: Pool, max: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `update webhooks w set enabled = false, disabled_reason = 'backlog', disabled_at = now(), updated_at = now()
      where w.enabled
        and (select count(*) from (select 1 from webhook_deliveries d where d.webhook_id = w.id
               and d.next_attempt_at is not null and d.job_id is null limit $1 + 1) held)
          + (select count(*) from (select 1 from webhook_deliveries d where d.webhook_id = w.id
               and d.next_attempt_at is not null and d.job_id is not null limit $1 + 1) sent) > $1
     returning w.id`,
    [max],
  );
  return rows.map((row) => row.id);
}

/** Deliveries that are overdue and whose job is not in the queue: somebody has emptied it. */
async function holdJobless(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `update webhook_deliveries d set job_id = null, claimed_by = null
      where d.job_id is not null and d.next_attempt_at < now() - interval '1 minute'
        and not exists (select 1 from pgboss.job j where j.name = $1 and j.id = d.job_id and j.state < 'completed')`,
    [DELIVERY_QUEUE],
  );
  return rowCount ?? 0;
}
