import { expect, it } from 'vitest';
import { recoveryDelay } from './recovery-delay.ts';

it('tries at once, then doubles, with a quarter of jitter either way', () => {
  expect(recoveryDelay(0, 5_000, 1)).toBe(0);
  expect([1, 2, 3].map((attempt) => recoveryDelay(attempt, 5_000, 0.5))).toEqual([5_000, 10_000, 20_000]);
  expect(recoveryDelay(1, 5_000, 0)).toBe(3_750);
  expect(recoveryDelay(1, 5_000, 1)).toBe(6_250);
});
