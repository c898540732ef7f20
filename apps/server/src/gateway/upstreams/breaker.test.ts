import { beforeEach, expect, test } from 'vitest';
import { Breaker, type Permit } from './breaker.ts';

let now: number;
let breaker: Breaker;
beforeEach(() => {
  now = 0;
  breaker = new Breaker({ failures: () => 3, openMs: () => 1_000 }, () => now);
});
const admit = (workspaceId = 'one') => breaker.admit(workspaceId) as Permit;
const fail = (workspaceId?: string) => admit(workspaceId).failed();

test('it opens after so many failures in a row, and one request finds out whether the upstream is back', () => {
  fail();
  fail();
  admit().succeeded();
  fail();
  fail();
  expect([breaker.state, breaker.waitMs]).toEqual(['closed', 0]);
  fail();
  expect([breaker.state, breaker.waitMs, breaker.admit('one')]).toEqual(['open', 1_000, null]);
  now = 999;
  expect(breaker.admit('one')).toBeNull();
  now = 1_000;
  const trial = admit();
  expect([breaker.state, breaker.waitMs, breaker.admit('one')]).toEqual(['half-open', null, null]);
  trial.failed();
  expect([breaker.state, breaker.waitMs]).toEqual(['open', 1_000]);
  now = 2_000;
  admit().succeeded();
  expect(breaker.state).toBe('closed');
  fail();
  fail();
  expect(breaker.state).toBe('closed');
});

test('when the one that tries leaves, the next may try at once', () => {
  for (let i = 0; i < 3; i++) fail();
  now = 1_000;
  admit().abandoned();
  expect([breaker.state, breaker.waitMs]).toEqual(['open', 0]);
  const trial = admit();
  trial.succeeded();
  trial.abandoned();
  expect(breaker.state).toBe('closed');
});

test('answers to what was sent before it opened change nothing', () => {
  const [good, bad] = [admit(), admit()];
  for (let i = 0; i < 3; i++) fail();
  good.succeeded();
  bad.failed();
  expect([breaker.state, breaker.waitMs]).toEqual(['open', 1_000]);
});

test('one workspace alone cannot open it while another is served', () => {
  admit('two').succeeded();
  for (let i = 0; i < 50; i++) fail('one');
  expect(breaker.state).toBe('closed');
  fail('two');
  expect(breaker.state).toBe('open');
});

test('without a recent success of another, one workspace’s failures count', () => {
  admit('two').succeeded();
  for (let i = 0; i < 5; i++) fail('one');
  now = 1_000;
  fail('one');
  expect(breaker.state).toBe('open');
});
