import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@aaas/contract/errors';
import type { PgBoss, SendOptions } from 'pg-boss';
import type { Logger } from 'pino';
import { connectionOf, type PoolTarget } from '../postgres/pool.ts';
import { inTransaction } from './in-transaction.ts';
import type { JobKind, JobQueue, Jobs, SendJobOptions } from './jobs.ts';
import { OpenQueues } from './open-queues.ts';

export interface JobsOptions {
  target: PoolTarget;
  log: Logger;
  kinds: JobKind<never>[];
  queues?: JobQueue[];
}

/** Besides these there is one connection that listens. */
const CONNECTIONS_MAX = 3;
const START_ATTEMPTS = 1_000_000;
const START_AGAIN_MS = 5_000;
const READY_WITHIN_MS = 5_000;
const STOP_WITHIN_MS = 5_000;
const STOP_GRACE_MS = 1_000;
// Passed on to node-postgres: without it a statement whose answer was lost on the way is waited for, for ever.
const PATIENCE = { query_timeout: 60_000, keepAlive: true };
const FIRST_RETRY_SECONDS = 1;
const LAST_RETRY_SECONDS = 600;
/** What is new is notified of; a retry is not. */
const POLL_SECONDS = 2;
const DONE_KEPT_SECONDS = 86_400;
/** A job whose time is up is noticed within so long, by whichever server looks first. */
const SUPERVISE_SECONDS = 5;

/**
 * The queue of background jobs, to be started once the server listens: nobody waits for it. Its tables are its own, in
 * the schema `pgboss`; servers that start at once take turns at making them.
 */
export function createJobs(options: JobsOptions): Jobs {
  const closing = new AbortController();
  const up = Promise.withResolvers<PgBoss>();
  let running: Promise<void> = Promise.resolve();
  const queues = new OpenQueues(options.queues ?? []);
  const whenUp = async () => {
    const late = sleep(READY_WITHIN_MS, null, { ref: false, signal: closing.signal }).catch(() => null);
    const boss = await Promise.race([up.promise, late]);
    if (!boss) throw new ApiError('unavailable', 'Background work cannot be taken now. Try again in a moment.');
    return boss;
  };
  let isUp = false;
  return {
    start: () => {
      running = run(options, queues, closing.signal, (boss) => {
        isUp = true;
        up.resolve(boss);
      });
    },
    get up() {
      return isUp;
    },
    send: async (name, data, sendOptions = {}) => {
      await (await whenUp()).send(name, data, toSendOptions(sendOptions));
    },
    take: async (name, takeOptions) => queues.take(await whenUp(), name, takeOptions),
    drop: async (name, jobs, db) => {
      return jobs.length === 0 ? 0 : queues.drop(await whenUp(), name, jobs, db);
    },
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

/** Until the signal comes. */
async function run(
  { target, log, kinds }: JobsOptions,
  queues: OpenQueues,
  signal: AbortSignal,
  onUp: (boss: PgBoss) => void,
) {
  // Loaded late, for it is large.
  const { PgBoss } = await import('pg-boss');
  const boss = new PgBoss({
    ...connectionOf(target),
    application_name: 'aaas jobs',
    max: CONNECTIONS_MAX,
    ...PATIENCE,
    useListenNotify: true,
    registerInstance: false,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
  });
  boss.on('error', (error) => log.warn({ error: error.message }, 'background jobs: an operation failed'));
  boss.on('warning', (warning) => log.warn({ warning: warning.message }, 'background jobs: a warning'));
  const closed = once(signal, 'abort');
  const waiting = [...kinds];
  while (!signal.aborted) {
    try {
      // It waits between its attempts; a stop ends that.
      await Promise.race([boss.start({ attempts: START_ATTEMPTS }), closed]);
      await queues.open(boss);
      while (waiting[0] && !signal.aborted) {
        await work(boss, waiting[0], log);
        waiting.shift();
      }
      onUp(boss);
      await closed;
    } catch (error) {
      log.error({ err: error }, 'failed to start background jobs; trying again');
      await sleep(START_AGAIN_MS, null, { signal }).catch(() => {});
    }
  }
  // Its last words may wait for an answer of a database that is away.
  await Promise.race([
    boss.stop({ timeout: STOP_WITHIN_MS }),
    sleep(STOP_WITHIN_MS + STOP_GRACE_MS, null, { ref: false }),
  ]);
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
  await boss.work<never>(
    name,
    { localConcurrency: kind.concurrency, notifyPollingIntervalSeconds: POLL_SECONDS },
    async ([job]) => {
      if (!job) return;
      try {
        await kind.run(job.data, job.signal);
      } catch (error) {
        log.error({ err: error, job: name, attempt: job.retryCount + 1 }, 'background job failed');
        throw error;
      }
    },
  );
}

function toSendOptions({ db, startAfter }: SendJobOptions): SendOptions {
  return {
    ...(db ? { db: inTransaction(db) } : {}),
    ...(startAfter ? { startAfter } : {}),
  };
}
