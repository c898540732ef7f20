import { expect, it } from 'vitest';
import { providerDelay } from './wait-for-provider.ts';

it.each([
  [1, 5_000, 0.5, 5_000],
  [3, 5_000, 0.5, 20_000],
  [3, 5_000, 0, 15_000],
  [1, 0, 0.5, 1_000],
  [50, 5_000, 0.5, 60_000],
])('after failure %i with a backoff of %i ms and chance %f a turn waits %i ms', (failures, backoff, random, delay) => {
  expect(providerDelay(failures, backoff, random)).toBe(delay);
});
