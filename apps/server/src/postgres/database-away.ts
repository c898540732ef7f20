import { setTimeout as sleep } from 'node:timers/promises';

// Of node-postgres and of the network below it.
const CODES = /^(08\d{3}|57P0[1-5]|53300|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;
const WORDS =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a/;

const PAUSE_MS = 500;

/** The database could not be reached, or did not answer: nobody's bug, and it will be back. */
export function isDatabaseAway(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return CODES.test(String(code ?? '')) || WORDS.test(String(message ?? ''));
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
