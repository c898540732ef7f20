import type { Settings } from '@aaas/contract/settings';
import { WEBHOOK_TEST_EVENT } from '@aaas/contract/webhooks';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Keyring } from '../../secrets/keyring.ts';
import { secretPlace } from '../webhook.ts';
import { RECORD_WITHIN_S } from './delivery-queue.ts';
import { giveBackAllOf } from './hold-deliveries.ts';
import { type Outcome, postDelivery } from './post-delivery.ts';
import { recordAttempt, type Verdict } from './record-attempt.ts';
import { retryDelay } from './retry-delay.ts';
import { type TakenDelivery, takeDeliveries } from './take-deliveries.ts';

export interface DelivererOptions {
  pool: Pool;
  /** With the queue of deliveries. */
  jobs: Jobs;
  keyring: Keyring;
  /** Read at each use. */
  settings: Settings;
  nodeId: string;
  log: Logger;
}

const POLL_MS = 500;
/** What is on its way gets so long when the server stops. */
const CLOSE_WITHIN_MS = 2_000;
const GONE = 410;

/** Sends what is due, on every node: takes jobs, posts, records. */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #sending = new Set<{ delivery: TakenDelivery; done: Promise<void> }>();
  readonly #poll: NodeJS.Timeout;
  readonly #closing = new AbortController();
  #ready = false;
  /** What the next look is for, besides what is new. */
  #retries = false;
  #held = false;
  #taking: Promise<void> | null = null;
  #again = false;
  #closed = false;

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#poll = setInterval(() => {
      this.#retries = true;
      this.wake();
    }, POLL_MS);
  }

  /** Something is due. A hint: it would be found within half a second. */
  wake(): void {
    this.#held = true;
    this.#look();
  }

  #look(): void {
    if (this.#closed || !this.#options.jobs.up) return;
    if (this.#taking) {
      this.#again = true;
      return;
    }
    this.#taking = this.#take()
      .catch((error) => this.#options.log.error({ err: error }, 'failed to take webhook deliveries'))
      .finally(() => {
        this.#taking = null;
        if (!this.#again) return;
        this.#again = false;
        this.#look();
      });
  }

  /** Takes no more, waits a moment for what is on its way, and gives the rest back. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    await this.#taking;
    const cut = setTimeout(() => this.#closing.abort(), CLOSE_WITHIN_MS);
    await Promise.all([...this.#sending].map(({ done }) => done));
    clearTimeout(cut);
    await giveBackAllOf(this.#options.pool, this.#options.nodeId).catch(() => {});
  }

  async #take(): Promise<void> {
    const { pool, jobs, nodeId, settings } = this.#options;
    if (!this.#ready) {
      await giveBackAllOf(pool, nodeId); // of an earlier life
      this.#ready = true;
    }
    const free = settings.WEBHOOK_CONCURRENCY - this.#sending.size;
    if (free <= 0) return;
    const retries = this.#retries;
    const held = this.#held;
    this.#retries = this.#held = false;
    const result = await takeDeliveries({
      ...{ pool, jobs, nodeId, retries, held },
      shares: {
        free,
        perWebhook: Math.ceil(settings.WEBHOOK_CONCURRENCY / 4),
        perWorkspace: Math.ceil(settings.WEBHOOK_CONCURRENCY / 2),
      },
      busy: [...this.#sending].map(({ delivery }) => delivery),
    });
    for (const delivery of result.taken) this.#start(delivery);
    this.#held ||= result.held;
    if (!result.more) return;
    this.#again = true;
    this.#retries ||= retries;
  }

  #start(delivery: TakenDelivery): void {
    const done = this.#deliver(delivery)
      .catch((error) =>
        this.#options.log.error({ err: error, delivery_id: delivery.id }, 'failed to record a delivery'),
      )
      .finally(() => {
        this.#sending.delete(sending);
        this.#look();
      });
    const sending = { delivery, done };
    this.#sending.add(sending);
  }

  async #deliver(delivery: TakenDelivery): Promise<void> {
    const { pool, settings, log } = this.#options;
    // A job that was made before the setting was changed has the time that it was made with.
    const timeout = Math.max(1, Math.min(settings.WEBHOOK_TIMEOUT, delivery.job.expireInSeconds - RECORD_WITHIN_S));
    const outcome = await postDelivery(
      { id: delivery.id, url: delivery.url, body: delivery.body, secrets: this.#secretsOf(delivery) },
      {
        rules: { allowPrivate: settings.WEBHOOK_ALLOW_PRIVATE, allowHttp: settings.WEBHOOK_ALLOW_HTTP },
        timeoutMs: timeout * 1_000,
        closing: this.#closing.signal,
      },
    );
    // Cut off by our own end: nobody's failure. It is given back, and sent again.
    if (this.#closing.signal.aborted && outcome.status === null) return;
    const verdict = judge(delivery, outcome, settings.WEBHOOK_RETRY_SCHEDULE);
    const recorded = await recordAttempt(pool, delivery, outcome, verdict, settings.WEBHOOK_DISABLE_AFTER);
    const about = { webhook_id: delivery.webhookId, delivery_id: delivery.id, error: outcome.error };
    if (!recorded) log.warn(about, 'a webhook delivery took longer than its job and is sent again');
    else if (recorded.disabled) log.warn({ ...about, reason: recorded.disabled }, 'a webhook was disabled');
    else if (verdict.state === 'dead') log.warn(about, 'a webhook delivery is dead');
  }

  #secretsOf(delivery: TakenDelivery): string[] {
    const { keyring } = this.#options;
    const { webhookId, workspaceId, secret, previousSecret } = delivery;
    return [
      keyring.open(secret, secretPlace('secret', webhookId, workspaceId)),
      ...(previousSecret ? [keyring.open(previousSecret, secretPlace('previous_secret', webhookId, workspaceId))] : []),
    ];
  }
}

function judge(delivery: TakenDelivery, outcome: Outcome, schedule: string): Verdict {
  if (outcome.error === null) return { state: 'delivered' };
  const gone = outcome.status === GONE;
  // Somebody waits for the result of a test.
  if (gone || delivery.type === WEBHOOK_TEST_EVENT) return { state: 'dead', gone };
  const delayMs = retryDelay(delivery.tries + 1, schedule, outcome.retryAfterSeconds, Math.random());
  return delayMs === null ? { state: 'dead', gone } : { state: 'pending', delayMs };
}
