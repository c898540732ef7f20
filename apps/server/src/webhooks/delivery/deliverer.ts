import type { Settings } from '@aaas/contract/settings';
import { WEBHOOK_TEST_EVENT } from '@aaas/contract/webhooks';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Keyring } from '../../secrets/keyring.ts';
import { secretPlace } from '../webhook.ts';
import { type ClaimedDelivery, claimDeliveries, releaseClaimsOf } from './claim-deliveries.ts';
import { type Outcome, postDelivery } from './post-delivery.ts';
import { recordAttempt, type Verdict } from './record-attempt.ts';
import { retryDelay } from './retry-delay.ts';

export interface DelivererOptions {
  pool: Pool;
  keyring: Keyring;
  /** Read at each use. */
  settings: Settings;
  nodeId: string;
  log: Logger;
}

const POLL_MS = 500;
/** After its time is up a delivery is still recorded; a claim lasts so much longer. */
const RECORD_WITHIN_MS = 10_000;
/** What is on its way gets so long when the server stops. */
const CLOSE_WITHIN_MS = 2_000;
const GONE = 410;

/** Sends what is due, on every node: claims, posts, records. */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #sending = new Map<string, { delivery: ClaimedDelivery; done: Promise<void> }>();
  readonly #poll: NodeJS.Timeout;
  readonly #closing = new AbortController();
  #claiming: Promise<void> | null = null;
  #again = false;
  #closed = false;

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#poll = setInterval(() => this.wake(), POLL_MS);
    this.#claiming = releaseClaimsOf(options.pool, options.nodeId)
      .then(
        () => {},
        (error) => options.log.error({ err: error }, 'failed to release webhook deliveries'),
      )
      .finally(() => {
        this.#claiming = null;
      });
  }

  /** Something is due. A hint: it would be found within half a second. */
  wake(): void {
    if (this.#closed) return;
    if (this.#claiming) {
      this.#again = true;
      return;
    }
    this.#claiming = this.#claim()
      .catch((error) => this.#options.log.error({ err: error }, 'failed to claim webhook deliveries'))
      .finally(() => {
        this.#claiming = null;
        if (!this.#again) return;
        this.#again = false;
        this.wake();
      });
  }

  /** Takes no more, waits a moment for what is on its way, and gives the rest back. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    await this.#claiming;
    const cut = setTimeout(() => this.#closing.abort(), CLOSE_WITHIN_MS);
    await Promise.all([...this.#sending.values()].map(({ done }) => done));
    clearTimeout(cut);
    await releaseClaimsOf(this.#options.pool, this.#options.nodeId).catch(() => {});
  }

  async #claim(): Promise<void> {
    const { pool, nodeId, settings } = this.#options;
    const free = settings.WEBHOOK_CONCURRENCY - this.#sending.size;
    if (free <= 0) return;
    const claimed = await claimDeliveries(
      pool,
      nodeId,
      {
        free,
        perWebhook: Math.ceil(settings.WEBHOOK_CONCURRENCY / 4),
        perWorkspace: Math.ceil(settings.WEBHOOK_CONCURRENCY / 2),
        claimMs: settings.WEBHOOK_TIMEOUT * 1_000 + RECORD_WITHIN_MS,
      },
      [...this.#sending.values()].map(({ delivery }) => delivery),
    );
    for (const delivery of claimed) {
      const done = this.#deliver(delivery)
        .catch((error) =>
          this.#options.log.error({ err: error, delivery_id: delivery.id }, 'failed to record a delivery'),
        )
        .finally(() => {
          this.#sending.delete(delivery.id);
          this.wake();
        });
      this.#sending.set(delivery.id, { delivery, done });
    }
  }

  async #deliver(delivery: ClaimedDelivery): Promise<void> {
    const { pool, settings, log } = this.#options;
    const outcome = await postDelivery(
      { id: delivery.id, url: delivery.url, body: delivery.body, secrets: this.#secretsOf(delivery) },
      {
        rules: { allowPrivate: settings.WEBHOOK_ALLOW_PRIVATE, allowHttp: settings.WEBHOOK_ALLOW_HTTP },
        timeoutMs: settings.WEBHOOK_TIMEOUT * 1_000,
        closing: this.#closing.signal,
      },
    );
    // Cut off by our own end: nobody's failure. Its claim is given back, and it is sent again.
    if (this.#closing.signal.aborted && outcome.status === null) return;
    const verdict = judge(delivery, outcome, settings.WEBHOOK_RETRY_SCHEDULE);
    const recorded = await recordAttempt(pool, delivery, outcome, verdict, settings.WEBHOOK_DISABLE_AFTER);
    const about = { webhook_id: delivery.webhookId, delivery_id: delivery.id, error: outcome.error };
    if (!recorded) log.warn(about, 'a webhook delivery took longer than its claim and is sent again');
    else if (recorded.disabled) log.warn({ ...about, reason: recorded.disabled }, 'a webhook was disabled');
    else if (verdict.state === 'dead') log.warn(about, 'a webhook delivery is dead');
  }

  #secretsOf(delivery: ClaimedDelivery): string[] {
    const { keyring } = this.#options;
    const { webhookId, workspaceId, secret, previousSecret } = delivery;
    return [
      keyring.open(secret, secretPlace('secret', webhookId, workspaceId)),
      ...(previousSecret ? [keyring.open(previousSecret, secretPlace('previous_secret', webhookId, workspaceId))] : []),
    ];
  }
}

function judge(delivery: ClaimedDelivery, outcome: Outcome, schedule: string): Verdict {
  if (outcome.error === null) return { state: 'delivered' };
  const gone = outcome.status === GONE;
  // Somebody waits for the result of a test.
  if (gone || delivery.type === WEBHOOK_TEST_EVENT) return { state: 'dead', gone };
  const delayMs = retryDelay(delivery.tries + 1, schedule, outcome.retryAfterSeconds, Math.random());
  return delayMs === null ? { state: 'dead', gone } : { state: 'pending', delayMs };
}
