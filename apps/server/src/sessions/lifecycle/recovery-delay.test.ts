import { expect, it } from 'vitest';
import { recoveryDelay } from './recovery-delay.ts';

const BACKOFF = { ms: 5_000, maxMs: 60_000 };

it('tries at once, then doubles up to a cap, with a quarter of jitter either way', () => {
  expect(recoveryDelay(0, BACKOFF, 1)).toBe(0);
  expect([1, 2, 3].map((attempt) => recoveryDelay(attempt, BACKOFF, 0.5))).toEqual([5_000, 10_000, 20_000]);
  expect(recoveryDelay(1, BACKOFF, 0)).toBe(3_750);
  expect(recoveryDelay(1, BACKOFF, 1)).toBe(6_250);
  expect([5, 100, 2_000].map((attempt) => recoveryDelay(attempt, BACKOFF, 0.5))).toEqual([60_000, 60_000, 60_000]);
});
