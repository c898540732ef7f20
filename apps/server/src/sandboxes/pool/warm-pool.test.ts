import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Spare } from './spare.ts';
import { WarmPool } from './warm-pool.ts';

const GB = 2 ** 30;
const log = { warn: () => {}, error: () => {} } as never;

interface FakeSpare extends Spare {
  die(): void;
  ended: boolean;
  deaf: boolean;
}

let pool: WarmPool<{ key: string }, FakeSpare>;
let made: FakeSpare[];
let makes: number[];
let broken: boolean;
let outcomes: string[];
const bounds = { min: 1, memoryPercent: 50, slots: 10 };

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(bounds, { min: 1, memoryPercent: 50, slots: 10 });
  made = [];
  makes = [];
  outcomes = [];
  broken = false;
  pool = new WarmPool({
    isResting: () => false,
    make: async () => {
      makes.push(Date.now());
      if (broken) throw new Error('no');
      const spare = fakeSpare(`cell_${makes.length}`);
      made.push(spare);
      return spare;
    },
    usualKinds: () => [{ key: 'usual' }],
    bounds,
    memory: () => ({ total: 16 * GB, available: 16 * GB }),
    metrics: {
      poolAsked: (outcome) => outcomes.push(outcome),
      poolSpareLost: () => outcomes.push('lost'),
      poolLimited: (limit) => outcomes.push(limit),
    },
    log,
    now: () => Date.now(),
  });
  pool.start();
});
afterEach(async () => {
  await pool.close();
  expect(made.filter((spare) => !spare.ended && !taken.has(spare))).toEqual([]);
  vi.useRealTimers();
});

const taken = new Set<FakeSpare>();

function take(key = 'usual'): FakeSpare | null {
  const spare = pool.take({ key });
  if (spare) taken.add(spare);
  return spare;
}

function fakeSpare(id: string): FakeSpare {
  const exit = Promise.withResolvers<void>();
  const spare: FakeSpare = {
    id,
    pid: 1,
    exited: exit.promise,
    deaf: false,
    ended: false,
    probe: async () => {
      if (spare.deaf) throw new Error('silence');
    },
    end: async () => {
      spare.ended = true;
      exit.resolve();
    },
    die: () => exit.resolve(),
  };
  return spare;
}

it('gives each spare away once, and follows what is asked for', async () => {
  await vi.advanceTimersByTimeAsync(0);
  expect(pool.state).toEqual({ ready: 1, starting: 0, wanted: 1 });
  const first = take();
  expect(first).toBe(made[0]);
  expect(take()).toBe(null);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(take()).not.toBe(first);
  expect(take('rare')).toBe(null);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(take('rare')?.ended).toBe(false);
});

it('says how many were needed at once, those that were not there included', async () => {
  bounds.min = 2;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(pool.takeAsked()).toBe(0);
  take();
  take();
  take();
  expect(pool.takeAsked()).toBe(3);
  await vi.advanceTimersByTimeAsync(3_000);
  // The two that were out are replaced.
  pool.takeAsked();
  expect(pool.takeAsked()).toBe(0);
  // One that is not wanted again is not missed for ever.
  bounds.min = 0;
  take();
  bounds.slots = 0;
  await vi.advanceTimersByTimeAsync(2_000);
  pool.takeAsked();
  expect(pool.takeAsked()).toBe(0);
});

it('replaces one that dies or falls silent, ever later while they go on dying', async () => {
  await vi.advanceTimersByTimeAsync(0);
  made[0]?.die();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(made).toHaveLength(2);
  expect(made[0]?.ended).toBe(true);
  (made[1] as FakeSpare).deaf = true;
  broken = true;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(made[1]?.ended).toBe(true);
  expect(makes.length).toBeLessThan(10);
  broken = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(pool.state.ready).toBe(1);
});

it('ends its spares when their places are needed, when it is switched off, and starts anew when it must', async () => {
  await vi.advanceTimersByTimeAsync(0);
  await pool.renew();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(made.map((spare) => spare.ended)).toEqual([true, false]);
  bounds.slots = 0;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(pool.state).toMatchObject({ ready: 0, starting: 0 });
  expect(outcomes).toContain('slots');
  bounds.slots = 10;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(pool.state.ready).toBe(1);
  bounds.memoryPercent = 0;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(pool.state).toEqual({ ready: 0, starting: 0, wanted: 0 });
  expect(pool.isOn).toBe(false);
});
