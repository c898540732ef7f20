import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import type pg from 'pg';
import type { Logger } from 'pino';
import { DATABASE_BACKOFF_CAP_MS, DATABASE_BACKOFF_MS, DATABASE_TRIES, LEDGER_WAIT_MS } from '../limits.ts';
import { insertModelRequest } from './insert-model-request.ts';
import type { ModelRequest } from './model-request.ts';

export interface Ledger {
  /**
   * Resolves when the row is committed, or when it could not be in time: an answer that is paid for is never lost for
   * the sake of its bookkeeping. Never rejects.
   */
  record(row: ModelRequest): Promise<void>;
  /** Resolves when nothing is being written. */
  close(): Promise<void>;
}

/** `onWritten` is part of the writing: an answer waits for it too. */
export function createLedger(
  pool: pg.Pool,
  log: Logger,
  waitMs: number = LEDGER_WAIT_MS,
  onWritten: (row: ModelRequest) => Promise<void> = async () => {},
): Ledger {
  const stubbornly = retry(handleAll, {
    maxAttempts: DATABASE_TRIES - 1,
    backoff: new ExponentialBackoff({ initialDelay: DATABASE_BACKOFF_MS, maxDelay: DATABASE_BACKOFF_CAP_MS }),
  });
  const open = new Set<Promise<void>>();

  async function write(row: ModelRequest): Promise<void> {
    try {
      await stubbornly.execute(() => insertModelRequest(pool, row));
      await onWritten(row);
    } catch (err) {
      log.error({ err, model_request: row }, 'a model request is missing from the ledger');
    }
  }

  return {
    async record(row) {
      const written = write(row);
      open.add(written);
      const forget = written.finally(() => open.delete(written));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          log.warn({ model_request: row.id }, 'the ledger is slow; an answer went on before its row was written');
          resolve();
        }, waitMs);
      });
      await Promise.race([forget, late]);
      clearTimeout(timer);
    },
    async close() {
      await Promise.all(open);
    },
  };
}
