import type { FleetSignals } from '@aaas/contract/autoscaler';
import { expect, it } from 'vitest';
import { decideFleet, type FleetInput } from './decide-fleet.ts';
import { stepDown, stepUp } from './decision.ts';

const NOW = 1_000_000_000;
const RULES = {
  ...{ enabled: true, up: 0.8, down: 0.3, waitSeconds: 10, startSeconds: 10, windowSeconds: 300, loopSeconds: 30 },
  ...{ upCooldownSeconds: 60, downCooldownSeconds: 300 },
};
const CALM: FleetSignals = {
  ...{ nodes: 4, silent_nodes: 0, places: 40, use: 0.5, slot_use: 0.5, work_use: 0.5, waiting: 0 },
  ...{ oldest_wait_seconds: 0, arrivals_per_minute: 1, memory_use: 0.4 },
  ...{ starts: 20, start_p50_ms: 500, start_p95_ms: 900, starts_waiting: 0 },
};

interface Case {
  signals?: Partial<FleetSignals>;
  latest?: FleetInput['latest'];
  rules?: Partial<typeof RULES>;
  bounds?: Partial<FleetInput['bounds']>;
  desired?: number;
  /** Seconds since the last move. */
  moved?: number;
  missing?: string;
}

function decide({ signals, latest, rules, bounds, desired, moved, missing }: Case) {
  const all = { ...CALM, ...signals };
  return decideFleet({
    signals: all,
    latest: latest ?? { waiting: 0, oldest_wait_seconds: 0 },
    missing: missing ?? null,
    rules: { ...RULES, ...rules },
    bounds: { min: 1, max: 10, ...bounds },
    state: { desired: desired ?? all.nodes, last: moved === undefined ? null : { at: NOW - moved * 1_000 } },
    now: NOW,
  });
}

const QUEUE = { signals: { oldest_wait_seconds: 11 }, latest: { waiting: 3, oldest_wait_seconds: 15 } };
const LOW = { use: 0.1 };

it.each<[string, Case, string]>([
  ['between the thresholds', {}, 'hold 4 within_thresholds'],
  ['on the upper threshold', { signals: { use: 0.8 } }, 'hold 4 within_thresholds'],
  ['above it: half as much again', { signals: { use: 0.81 } }, 'up 6 use_high'],
  ['of three, rounded up', { signals: { use: 0.9, nodes: 3 } }, 'up 5 use_high'],
  ['of one', { signals: { use: 0.9, nodes: 1 } }, 'up 2 use_high'],
  ['no more than MAX_NODES', { signals: { use: 3 }, bounds: { max: 5 } }, 'up 5 use_high'],
  ['at MAX_NODES', { signals: { use: 3 }, bounds: { max: 4 } }, 'hold 4 at_max'],
  ['a minute after the last move', { signals: { use: 3 }, moved: 60 }, 'up 6 use_high'],
  ['sooner', { signals: { use: 3 }, moved: 59 }, 'hold 4 cooldown'],
  ['nodes that were asked for are to come', { signals: { use: 3 }, desired: 6 }, 'hold 6 nodes_coming'],
  ['some of them never come', { signals: { use: 3 }, desired: 5 }, 'up 6 use_high'],
  ['a queue, whatever the use', { ...QUEUE }, 'up 6 queue_waits'],
  ['a queue at full use', { ...QUEUE, signals: { ...QUEUE.signals, use: 1 } }, 'up 6 queue_waits'],
  ['a queue that has gone', { signals: QUEUE.signals }, 'hold 4 within_thresholds'],
  ['a queue that is young', { latest: { waiting: 9, oldest_wait_seconds: 2 } }, 'hold 4 within_thresholds'],
  ['memory', { signals: { memory_use: 0.9 } }, 'up 6 memory_high'],
  ['memory that others take', { signals: { memory_use: 0.9, use: 0.2 } }, 'down 3 use_low'],
  ['slow starts', { signals: { start_p95_ms: 10_001 } }, 'up 6 starts_slow'],
  ['one slow start', { signals: { start_p95_ms: 20_000, starts: 4 } }, 'hold 4 within_thresholds'],
  [
    'slow starts that nobody looks at',
    { signals: { start_p95_ms: 99_000 }, rules: { startSeconds: 0 } },
    'hold 4 within_thresholds',
  ],
  ['on the lower threshold', { signals: { use: 0.3 } }, 'hold 4 within_thresholds'],
  ['below it: three tenths less, one at least', { signals: LOW }, 'down 3 use_low'],
  ['of ten', { signals: { ...LOW, nodes: 10 } }, 'down 7 use_low'],
  ['of two', { signals: { ...LOW, nodes: 2 } }, 'down 1 use_low'],
  ['no less than MIN_NODES', { signals: { ...LOW, nodes: 10 }, bounds: { min: 8 } }, 'down 8 use_low'],
  ['at MIN_NODES', { signals: LOW, bounds: { min: 4 } }, 'hold 4 at_min'],
  ['five minutes after the last move', { signals: LOW, moved: 300 }, 'down 3 use_low'],
  ['sooner than that', { signals: LOW, moved: 299 }, 'hold 4 cooldown'],
  ['somebody waits', { signals: LOW, latest: { waiting: 1, oldest_wait_seconds: 0 } }, 'hold 4 within_thresholds'],
  ['nodes are still to go', { signals: LOW, desired: 3 }, 'hold 3 nodes_leaving'],
  ['nodes that are to come are not needed', { signals: LOW, desired: 6 }, 'down 5 use_low'],
  [
    'the rest would be above the upper threshold',
    { signals: { use: 0.45, nodes: 2 }, rules: { down: 0.5 } },
    'hold 2 would_overload',
  ],
  ['a smaller step would not', { signals: { use: 0.58, nodes: 10 }, rules: { down: 0.6 } }, 'down 8 use_low'],
  ['to none, while something works', { signals: { use: 0.01, nodes: 1 }, bounds: { min: 0 } }, 'hold 1 would_overload'],
  ['to none', { signals: { use: 0, nodes: 1 }, bounds: { min: 0 } }, 'down 0 use_low'],
  [
    'from none',
    { signals: { nodes: 0, use: null }, bounds: { min: 0 }, latest: { waiting: 1, oldest_wait_seconds: 0 } },
    'up 1 queue_waits',
  ],
  ['none and nothing to do', { signals: { nodes: 0, use: null }, bounds: { min: 0 } }, 'hold 0 no_workers'],
  [
    'all are gone and should not be',
    { signals: { nodes: 0, use: null }, desired: 3, latest: { waiting: 9, oldest_wait_seconds: 99 } },
    'hold 3 nodes_coming',
  ],
  ['a node is silent', { signals: { use: 3, silent_nodes: 1 } }, 'hold 4 data_missing'],
  [
    'a node is silent, and a queue waits',
    { ...QUEUE, signals: { ...QUEUE.signals, silent_nodes: 1 } },
    'up 6 queue_waits',
  ],
  ['too few samples', { signals: { use: 3 }, missing: '1 of 5 samples' }, 'hold 4 data_missing'],
  ['no places', { signals: { use: null } }, 'hold 4 data_missing'],
  ['below MIN_NODES, whatever was a moment ago', { bounds: { min: 5 }, moved: 1 }, 'up 5 below_min'],
  ['above MAX_NODES', { bounds: { max: 2 }, moved: 1 }, 'down 2 above_max'],
  ['switched off', { signals: { use: 3 }, rules: { enabled: false } }, 'hold 4 switched_off'],
])('%s', (_what, given, expected) => {
  const { action, to, reason } = decide(given);
  expect(`${action} ${to} ${reason}`).toBe(expected);
});

it('says which signal was above which threshold, and until when it rests', () => {
  expect(decide({ signals: { use: 0.9 } })).toEqual({
    ...{ action: 'up', from: 4, to: 6, reason: 'use_high', detail: null },
    cause: { reason: 'use_high', signal: 'use', value: 0.9, threshold: 0.8 },
    cooldownUntil: NOW + 60_000,
  });
  expect(decide({ signals: LOW, moved: 100 })).toMatchObject({
    ...{ action: 'hold', reason: 'cooldown', cooldownUntil: NOW + 200_000 },
    cause: { signal: 'use', value: 0.1, threshold: 0.3 },
  });
});

it('steps by half and by three tenths', () => {
  expect([0, 1, 2, 3, 4, 10].map(stepUp)).toEqual([1, 2, 3, 5, 6, 15]);
  expect([1, 2, 3, 4, 7, 10, 100].map(stepDown)).toEqual([0, 1, 2, 3, 5, 7, 70]);
});
