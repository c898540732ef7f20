import { expect, test } from 'vitest';
import { SYSTEM_CLOCK } from '../clock.ts';
import { type Failure, nextPause, parseRetryAfter, RETRY_BOUNDS, type RetryPolicy } from './retry-policy.ts';

const policy: RetryPolicy = {
  ...SYSTEM_CLOCK,
  ...RETRY_BOUNDS,
  random: () => 0.999_999,
  wall: () => Date.UTC(2026, 10, 1),
};
const failure = (status: number, retryAfter: string | null = null, shouldRetry: string | null = null): Failure => ({
  status,
  retryAfter,
  shouldRetry,
});

test('the pause doubles up to its cap and never reaches it by chance', () => {
  const pauses = [0, 1, 2, 3, 4].map((retry) => Math.round(nextPause(policy, failure(529), retry, 0) ?? -1));
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000]);
  expect(nextPause({ ...policy, random: () => 0 }, failure(529), 3, 0)).toBe(0);
  expect(nextPause({ ...policy, maxRetries: 50 }, failure(529), 40, 0)).toBeLessThanOrEqual(8000);
});

test.each([0, 408, 409, 429, 500, 502, 503, 504, 520, 529])('%i is tried again', (status) => {
  expect(nextPause(policy, failure(status), 0, 0)).not.toBeNull();
});

test.each([400, 401, 403, 404, 413, 422, 501, 302])('%i is final', (status) => {
  expect(nextPause(policy, failure(status), 0, 0)).toBeNull();
});

test('five retries, sixty seconds', () => {
  expect(nextPause(policy, failure(500), 5, 0)).toBeNull();
  expect(nextPause(policy, failure(500), 0, 59_400)).not.toBeNull();
  expect(nextPause(policy, failure(500), 0, 59_600)).toBeNull();
});

test('retry-after is honoured when it fits, and final when it does not', () => {
  expect(nextPause(policy, failure(429, '20'), 0, 0)).toBe(20_000);
  expect(nextPause(policy, failure(429, '20'), 0, 40_001)).toBeNull();
  expect(nextPause(policy, failure(429, '600'), 0, 0)).toBeNull();
  expect(nextPause(policy, failure(429, 'Sun, 01 Nov 2026 00:00:30 GMT'), 0, 0)).toBe(30_000);
  expect(nextPause(policy, failure(429, 'Sun, 01 Nov 2026 00:02:00 GMT'), 0, 0)).toBeNull();
});

test('an upstream that says no retry is believed', () => {
  expect(nextPause(policy, failure(529, null, 'false'), 0, 0)).toBeNull();
  expect(nextPause(policy, failure(400, null, 'true'), 0, 0)).toBeNull();
});

test.each([
  [null, 0],
  ['', 0],
  ['0', 0],
  ['1.5', 1500],
  [' 3 ', 3000],
  ['-3', 0],
  ['soon', 0],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
])('retry-after %j asks for %i ms', (value, ms) => {
  expect(parseRetryAfter(value, Date.UTC(2026, 0, 1))).toBe(ms);
});
