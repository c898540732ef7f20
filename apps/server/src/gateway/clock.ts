import { setTimeout as wait } from 'node:timers/promises';

/** Time and chance, as arguments: tests bring their own. */
export interface Clock {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Milliseconds since 1970. */
  wall(): number;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Resolves after `ms`; rejects at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms, signal) => wait(ms, undefined, { signal }),
};
