import type { ServerResponse } from 'node:http';
import { CLIENT_STALL_MS } from '../limits.ts';

/** Resolves when the client has taken what was written, or is gone. A client that takes nothing is cut off. */
export function drained(res: ServerResponse): Promise<void> {
  if (!res.writableNeedDrain || res.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const stalled = setTimeout(() => res.destroy(), CLIENT_STALL_MS);
    const done = () => {
      clearTimeout(stalled);
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.on('drain', done).on('close', done);
  });
}
