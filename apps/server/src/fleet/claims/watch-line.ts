import type { Pool } from 'pg';
import { countWaiting } from './claim-sessions.ts';
import { WaitingLine } from './waiting-line.ts';

const COUNT_MS = 1_000;

/** The line for places as a node sees it that claims nothing: counted each second. `max`: no further than that. */
export function watchLine(pool: Pool, max: () => number): { line: WaitingLine; close(): Promise<void> } {
  const line = new WaitingLine();
  let counting: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    const counted = line.count();
    counting = countWaiting(pool, max())
      .then(({ waiting }) => counted(waiting))
      .catch(() => {});
  }, COUNT_MS);
  return {
    line,
    close: async () => {
      clearInterval(timer);
      await counting;
    },
  };
}
