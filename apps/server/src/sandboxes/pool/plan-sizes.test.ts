import { expect, it } from 'vitest';
import { ArrivalRate } from './arrival-rate.ts';
import { planSizes } from './plan-sizes.ts';
import { poolCapacity, SPARE_BYTES } from './pool-capacity.ts';

const kind = (key: string, perMinute: number, makeSeconds = 1.5) => ({ key, rate: perMinute / 60, makeSeconds });
const GB = 2 ** 30;

it.each([
  ['nothing is wanted and nothing kept', [kind('a', 0)], 0, 10, {}],
  ['some are kept however little is wanted, of the first kinds', [kind('a', 0), kind('b', 0)], 3, 10, { a: 2, b: 1 }],
  ['one start keeps one spare', [kind('a', 0), kind('b', 0.2)], 0, 10, { b: 1 }],
  ['what is wanted counts towards those that are kept', [kind('a', 0), kind('b', 0.2)], 1, 10, { b: 1 }],
  [
    'those that are kept are shared as the demand is',
    [kind('a', 0), kind('b', 6), kind('c', 3)],
    6,
    10,
    { b: 4, c: 2 },
  ],
  ['the faster they go, the more', [kind('a', 60)], 0, 10, { a: 4 }],
  ['the longer one takes, the more', [kind('a', 60, 6)], 0, 20, { a: 11 }],
  ['each kind gets one before another gets two', [kind('a', 60), kind('b', 1)], 0, 3, { a: 2, b: 1 }],
  ['what is wanted more comes first', [kind('a', 1), kind('b', 60)], 0, 1, { b: 1 }],
  ['no room, no spare', [kind('a', 60)], 5, 0, {}],
])('%s', (_what, kinds, min, max, sizes) => {
  expect(Object.fromEntries(planSizes(kinds, { min, max }).sizes)).toEqual(sizes);
});

it('forgets what was wanted long ago', () => {
  const rate = new ArrivalRate(0);
  rate.add(0);
  expect(planSizes([{ key: 'a', rate: rate.perSecond(600_000), makeSeconds: 1 }], { min: 0, max: 5 }).sizes.size).toBe(
    1,
  );
  expect(planSizes([{ key: 'a', rate: rate.perSecond(1_200_000), makeSeconds: 1 }], { min: 0, max: 5 }).wanted).toBe(0);
  for (let at = 0; at <= 3_600_000; at += 10_000) rate.add(at);
  expect(rate.perSecond(3_600_000)).toBeCloseTo(0.1, 2);
});

it.each([
  ['a share of the memory', { percent: 10, slots: 100 }, { total: 16 * GB, available: 8 * GB }, 0, 6],
  ['no more than there are places', { percent: 10, slots: 2 }, { total: 16 * GB, available: 8 * GB }, 0, 2],
  ['no place at all', { percent: 10, slots: -3 }, { total: 16 * GB, available: 8 * GB }, 2, 0],
  ['none more when memory is short', { percent: 10, slots: 100 }, { total: 16 * GB, available: 3 * SPARE_BYTES }, 2, 2],
  ['none when it runs out', { percent: 10, slots: 100 }, { total: 16 * GB, available: SPARE_BYTES }, 2, 0],
  ['none when it is switched off', { percent: 0, slots: 100 }, { total: 16 * GB, available: 8 * GB }, 2, 0],
])('has room for %s', (_what, bounds, memory, live, max) => {
  expect(poolCapacity(bounds, memory, live).max).toBe(max);
});
