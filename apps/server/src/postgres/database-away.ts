import { setTimeout as sleep } from 'node:timers/promises';

// Of node-postgres and of the network below it.
const CODES = /^(08\d{3}|57P0[1-5]|53300|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;
const WORDS =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a/;

// Locks that are not to be had, statements and transactions that take too long.
const LATE_CODES = /^(55P03|57014|25P0[34])$/;

const PAUSE_MS = 500;

/** The database could not be reached, or did not answer: nobody's bug, and it will be back. */
export function isDatabaseAway(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return CODES.test(String(code ?? '')) || WORDS.test(String(message ?? ''));
}

/**
 * The database ended what took too long: somebody who stands still held what it needed, or this process stood still in
 * the midst of it. The same may succeed in a moment.
 */
export function isDatabaseLate(error: unknown): boolean {
  return LATE_CODES.test(String((error as { code?: unknown } | null)?.code ?? ''));
}

/** Reads something for somebody who waits, and waits with him while the database is away, until the signal aborts. */
export async function readPatiently<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!isDatabaseAway(error) || signal.aborted) throw error;
      await sleep(PAUSE_MS, undefined, { ref: false });
    }
  }
}
