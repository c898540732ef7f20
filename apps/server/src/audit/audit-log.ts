import { ApiError } from '@aaas/contract/errors';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Metrics } from '../telemetry/metrics.ts';
import { type AuditRecord, appendEntries } from './append-entries.ts';

const BATCH_EVERY_MS = 100;
const BATCH_MAX = 500;
const QUEUE_MAX = 10_000;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

interface Waiting {
  record: AuditRecord;
  written(): void;
  lost(reason: Error): void;
}

/**
 * Writes what this process has to record, in batches and in order. While the database is away records wait in a
 * bounded queue; one that can never be written goes to the server's log instead.
 */
export class AuditLog {
  readonly #pool: Pool;
  readonly #log: Logger;
  readonly #metrics: Pick<Metrics, 'auditEntryLost'>;
  readonly #queue: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #closed = false;
  #retryMs = RETRY_FIRST_MS;

  constructor(pool: Pool, log: Logger, metrics: Pick<Metrics, 'auditEntryLost'>) {
    this.#pool = pool;
    this.#log = log;
    this.#metrics = metrics;
  }

  /** Records soon: within 100 ms while the database answers. */
  add(record: AuditRecord): void {
    const lost = (reason: Error) => this.#giveUp(record, reason);
    if (this.#queue.length >= QUEUE_MAX) {
      lost(new Error('the queue is full'));
      return;
    }
    this.#queue.push({ record, written: () => {}, lost });
    this.#flushIn(BATCH_EVERY_MS);
  }

  /** Resolves when the record is committed. @throws unavailable when it is not in time; it stays in the queue. */
  async write(record: AuditRecord, withinMs: number): Promise<void> {
    if (this.#queue.length >= QUEUE_MAX) throw unrecorded(new Error('the queue is full'));
    const written = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(unrecorded(new Error('not written in time'))), withinMs);
      this.#queue.push({
        record,
        written: () => {
          clearTimeout(timer);
          resolve();
        },
        lost: (reason) => {
          clearTimeout(timer);
          this.#giveUp(record, reason);
          reject(unrecorded(reason));
        },
      });
    });
    this.#flushIn(0);
    return written;
  }

  /** Writes what waits, once more; what the database does not take then goes to the server's log. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#flushing;
    await this.#flush();
    for (const { lost } of this.#queue.splice(0)) lost(new Error('the server stopped'));
  }

  #flushIn(ms: number): void {
    if (this.#flushing || this.#closed) return;
    if (ms > 0 && this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (ms === 0) {
      this.#flushing = this.#flush().finally(() => {
        this.#flushing = undefined;
        if (this.#queue.length > 0) this.#flushIn(this.#retryMs);
      });
    } else this.#timer = setTimeout(() => this.#flushIn(0), ms);
  }

  /** Writes until the queue is empty or the database fails. */
  async #flush(): Promise<void> {
    // What the database refuses must not hold up the others: a batch with such an entry is written one by one.
    let oneByOne = 0;
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, oneByOne > 0 ? 1 : BATCH_MAX);
      const error = await this.#append(batch);
      if (error && !isRefusal(error)) {
        this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
        this.#log.warn({ err: error, waiting: this.#queue.length }, 'failed to write the audit log; it is tried again');
        return;
      }
      if (error && batch.length > 1) {
        oneByOne = batch.length;
        continue;
      }
      this.#retryMs = RETRY_FIRST_MS;
      this.#queue.splice(0, batch.length);
      for (const { written, lost } of batch) error ? lost(error) : written();
      oneByOne = Math.max(oneByOne - 1, 0);
    }
  }

  async #append(batch: Waiting[]): Promise<Error | null> {
    try {
      await appendEntries(
        this.#pool,
        batch.map(({ record }) => record),
      );
      return null;
    } catch (error) {
      return error as Error;
    }
  }

  #giveUp(record: AuditRecord, reason: Error): void {
    this.#metrics.auditEntryLost();
    this.#log.error({ audit: record, reason: reason.message }, 'an entry of the audit log was not written');
  }
}

/** Data exceptions and integrity violations: the database answers, and will never take it. */
function isRefusal(error: Error): boolean {
  return /^2[23]/.test((error as { code?: string }).code ?? '');
}

function unrecorded(cause: Error): ApiError {
  return new ApiError(
    'unavailable',
    'It was done, but could not be recorded in the audit log in time. Look before you do it again.',
    { cause, retryAfterSeconds: 5 },
  );
}
