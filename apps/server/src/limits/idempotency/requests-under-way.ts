import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { LEASE_SECONDS } from './claim-request.ts';
import { renewLeases } from './settle-request.ts';

/** The keyed requests that this process handles now. Their leases are renewed, so that only a dead process loses them. */
export class RequestsUnderWay {
  readonly #attempts = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #renewing: Promise<void> = Promise.resolve();

  constructor(pool: Pool, log: Logger) {
    this.#timer = setInterval(
      () => {
        if (this.#attempts.size === 0) return;
        this.#renewing = renewLeases(pool, [...this.#attempts]).catch((error: unknown) =>
          log.warn({ err: error }, 'failed to renew the leases of requests with an Idempotency-Key'),
        );
      },
      (LEASE_SECONDS * 1000) / 3,
    );
  }

  begin(attempt: string): void {
    this.#attempts.add(attempt);
  }

  end(attempt: string): void {
    this.#attempts.delete(attempt);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
  }
}
