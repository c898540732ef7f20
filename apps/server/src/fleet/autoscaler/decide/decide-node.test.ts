import type { NodeSignals } from '@aaas/contract/autoscaler';
import { expect, it } from 'vitest';
import { decideIdle, decideSpares, type NodeInput } from './decide-node.ts';

const NOW = 1_000_000_000;
const RULES = {
  ...{ enabled: true, up: 0.8, down: 0.3, waitSeconds: 10, startSeconds: 10, windowSeconds: 300, loopSeconds: 30 },
  ...{ upCooldownSeconds: 60, downCooldownSeconds: 300 },
};
const CALM: NodeSignals = {
  ...{ spare_use: 0.5, activity: 0.5, idle: 5, held: 10, memory_use: 0.4, starts_waiting: 0 },
  ...{ starts: 3, start_p50_ms: 500, start_p95_ms: 900 },
};

function input(signals: Partial<NodeSignals>, more: Partial<NodeInput> = {}): NodeInput {
  return { signals: { ...CALM, ...signals }, missing: null, rules: RULES, now: NOW, ...more };
}

const scaled = (value: number, moved?: number) => ({
  value,
  bounds: { min: 1, max: 9 },
  last: moved === undefined ? null : { at: NOW - moved * 1_000 },
});

it.each([
  ['enough spares', input({}), scaled(4), 'hold 4 within_thresholds'],
  ['most are asked for', input({ spare_use: 0.9 }), scaled(4), 'up 6 use_high'],
  ['some were asked for in vain', input({ spare_use: 3 }), scaled(1), 'up 2 use_high'],
  ['no more than the share of memory', input({ spare_use: 3 }), scaled(8), 'up 9 use_high'],
  ['at the share of memory', input({ spare_use: 3 }), scaled(9), 'hold 9 at_max'],
  ['just moved', input({ spare_use: 3 }), scaled(4, 10), 'hold 4 cooldown'],
  ['hardly one is asked for', input({ spare_use: 0.1 }), scaled(4), 'down 3 use_low'],
  ['no less than MIN_AGENTS', input({ spare_use: 0 }), scaled(1), 'hold 1 at_min'],
  [
    'less would be too few',
    input({ spare_use: 0.45 }, { rules: { ...RULES, down: 0.5 } }),
    scaled(2),
    'hold 2 would_overload',
  ],
  ['memory is full', input({ spare_use: 3, memory_use: 0.9 }), scaled(4), 'down 3 memory_high'],
  ['nothing is known', input({ spare_use: 3 }, { missing: '0 of 5 samples' }), scaled(4), 'hold 4 data_missing'],
  ['MIN_AGENTS was raised', input({}), scaled(0, 1), 'up 1 below_min'],
  ['switched off', input({ spare_use: 3 }, { rules: { ...RULES, enabled: false } }), scaled(4), 'hold 4 switched_off'],
  ['no pool', input({ spare_use: 3 }), null, 'hold null pool_off'],
])('spares: %s', (_what, given, spares, expected) => {
  const { action, to, reason } = decideSpares(given, spares);
  expect(`${action} ${to} ${reason}`).toBe(expected);
});

const idle = (value: number, moved?: number) => ({ ...scaled(value, moved), bounds: { min: 60, max: 300 } });

it.each([
  ['some work', input({}), idle(300), 'hold 300 within_thresholds'],
  ['few work', input({ activity: 0.2 }), idle(300), 'down 210 use_low'],
  ['fewer for longer', input({ activity: 0 }), idle(73), 'down 60 use_low'],
  ['no less than SCALE_MIN_IDLE_SECONDS', input({ activity: 0 }), idle(60), 'hold 60 at_min'],
  ['a moment ago', input({ activity: 0 }), idle(210, 100), 'hold 210 cooldown'],
  ['nobody is idle', input({ activity: 0, idle: 0 }), idle(300), 'hold 300 nothing_idle'],
  ['nobody is there', input({ activity: null, held: 0 }), idle(300), 'hold 300 nothing_idle'],
  ['most work', input({ activity: 0.9 }), idle(103), 'up 155 use_high'],
  ['no more than AGENT_IDLE_TIMEOUT', input({ activity: 0.9 }), idle(250), 'up 300 use_high'],
  ['at AGENT_IDLE_TIMEOUT', input({ activity: 0.9 }), idle(300), 'hold 300 at_max'],
  ['a burst of starts, though few work', input({ activity: 0.1, spare_use: 2 }), idle(60), 'up 90 use_high'],
  ['memory is full', input({ memory_use: 0.9 }), idle(300), 'down 210 memory_high'],
  ['they never sleep by themselves', input({ activity: 0 }), null, 'hold null idle_shutdown_off'],
])('idle: %s', (_what, given, seconds, expected) => {
  const { action, to, reason } = decideIdle(given, seconds);
  expect(`${action} ${to} ${reason}`).toBe(expected);
});
