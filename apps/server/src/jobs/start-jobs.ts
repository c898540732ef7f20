import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@aaas/contract/errors';
import { PgBoss, type SendOptions } from 'pg-boss';
import type { Logger } from 'pino';
import { connectionOf, type PoolTarget } from '../postgres/pool.ts';
import type { JobKind, Jobs, SendJobOptions } from './jobs.ts';

/** Besides these there is one connection that listens. */
const CONNECTIONS_MAX = 3;
const START_ATTEMPTS = 1_000_000;
const START_AGAIN_MS = 5_000;
const READY_WITHIN_MS = 5_000;
const STOP_WITHIN_MS = 5_000;
const FIRST_RETRY_SECONDS = 5;
const LAST_RETRY_SECONDS = 600;
const DONE_KEPT_SECONDS = 86_400;

/**
 * Brings the queue up beside the start of the server, and again when the database was away. Its tables are its own, in
 * the schema `pgboss`; servers that start at once take turns at making them.
 */
export function startJobs(options: { target: PoolTarget; log: Logger; kinds: JobKind<never>[] }): Jobs {
  const { log, kinds } = options;
  const closing = new AbortController();
  const boss = new PgBoss({
    ...connectionOf(options.target),
    application_name: 'aaas jobs',
    max: CONNECTIONS_MAX,
    useListenNotify: true,
    registerInstance: false,
  });
  boss.on('error', (error) => log.warn({ error: error.message }, 'background jobs: an operation failed'));
  boss.on('warning', (warning) => log.warn({ warning: warning.message }, 'background jobs: a warning'));

  const ready = bringUp();
  return {
    send: async (name, data, sendOptions = {}) => {
      const late = sleep(READY_WITHIN_MS, false, { ref: false, signal: closing.signal }).catch(() => false);
      const up = await Promise.race([ready, late]);
      if (!up) throw new ApiError('unavailable', 'Background work cannot be taken now. Try again in a moment.');
      await boss.send(name, data, toSendOptions(sendOptions));
    },
    close: async () => {
      closing.abort();
      await Promise.all([ready, boss.stop({ timeout: STOP_WITHIN_MS })]);
    },
  };

  async function bringUp(): Promise<boolean> {
    while (!closing.signal.aborted) {
      try {
        await boss.start({ attempts: START_ATTEMPTS });
        for (const kind of kinds) if (!closing.signal.aborted) await work(boss, kind, log);
        return true;
      } catch (error) {
        if (closing.signal.aborted) break;
        log.error({ err: error }, 'failed to start background jobs; trying again');
        await sleep(START_AGAIN_MS, null, { signal: closing.signal }).catch(() => {});
      }
    }
    return false;
  }
}

async function work(boss: PgBoss, kind: JobKind<never>, log: Logger): Promise<void> {
  const { name } = kind;
  const policy = {
    expireInSeconds: kind.expiresAfterSeconds,
    retryLimit: kind.retries,
    retryDelay: FIRST_RETRY_SECONDS,
    retryBackoff: true,
    retryDelayMax: LAST_RETRY_SECONDS,
    deleteAfterSeconds: DONE_KEPT_SECONDS,
    notify: true,
  };
  await boss.createQueue(name, { ...policy, policy: kind.cron ? 'stately' : 'standard' });
  await boss.updateQueue(name, policy); // one that an earlier release made
  if (kind.cron) await boss.schedule(name, kind.cron, {}, { tz: 'UTC' });
  await boss.work<never>(name, { localConcurrency: kind.concurrency }, async ([job]) => {
    if (!job) return;
    try {
      await kind.run(job.data, job.signal);
    } catch (error) {
      log.error({ err: error, job: name, attempt: job.retryCount + 1 }, 'background job failed');
      throw error;
    }
  });
}

function toSendOptions({ db, startAfter }: SendJobOptions): SendOptions {
  return {
    ...(db ? { db: { executeSql: (text: string, values?: unknown[]) => db.query(text, values) } } : {}),
    ...(startAfter ? { startAfter } : {}),
  };
}
