import type { NodeSignals } from '@aaas/contract/autoscaler';
import {
  type Bounds,
  type Cause,
  type Decision,
  firstAbove,
  hold,
  intoBounds,
  type LastMove,
  move,
  stepDown,
  stepUp,
} from './decision.ts';
import type { ScaleRules } from './scale-rules.ts';

export interface NodeInput {
  /** Of the window. */
  signals: NodeSignals;
  /** What is wanting for an average; null: nothing. */
  missing: string | null;
  rules: ScaleRules;
  now: number;
}

/** Something of a node that scales. */
export interface Scaled {
  value: number;
  bounds: Bounds;
  last: LastMove;
}

/** How many spares a node keeps ready however little is wanted. Null: it has no pool. */
export function decideSpares(input: NodeInput, spares: Scaled | null): Decision {
  if (spares === null) return hold(null, 'pool_off');
  const { signals, missing, rules } = input;
  const { value, bounds } = spares;
  const standing = standStill(input, spares, 'spares');
  if (standing) return standing;
  if (missing !== null || signals.spare_use === null) return hold(value, 'data_missing', { detail: missing });

  const full = memoryHigh(input);
  if (full) return shrink(input, spares, full);
  const over = sparesShort(input);
  if (over) return grow(input, spares, over);
  if (signals.spare_use >= rules.down) return hold(value, 'within_thresholds');
  const under: Cause = { reason: 'use_low', signal: 'spare_use', value: signals.spare_use, threshold: rules.down };
  const asked = signals.spare_use * Math.max(1, value);
  const to = Math.max(bounds.min, stepDown(value));
  if (to < value && to > 0 && asked / to > rules.up) return hold(value, 'would_overload', { cause: under });
  return shrink(input, spares, under);
}

/**
 * After how many seconds idle agents sleep that have no timeout of their own. Null: they do not sleep by themselves.
 * They sleep sooner where few of those that hold a place work, or memory runs out; a burst of starts takes that back.
 */
export function decideIdle(input: NodeInput, idle: Scaled | null): Decision {
  if (idle === null) return hold(null, 'idle_shutdown_off');
  const { signals, missing, rules } = input;
  const standing = standStill(input, idle, 'idle_seconds');
  if (standing) return standing;
  if (missing !== null) return hold(idle.value, 'data_missing', { detail: missing });

  const full = memoryHigh(input);
  if (full) return shrink(input, idle, full);
  const { activity } = signals;
  const over =
    firstAbove([{ reason: 'use_high', signal: 'activity', value: activity, threshold: rules.up }]) ??
    sparesShort(input);
  if (over) return grow(input, idle, over);
  if (activity === null || signals.idle === 0) return hold(idle.value, 'nothing_idle');
  if (activity >= rules.down) return hold(idle.value, 'within_thresholds');
  return shrink(input, idle, { reason: 'use_low', signal: 'activity', value: activity, threshold: rules.down });
}

function sparesShort({ signals, missing, rules }: NodeInput): Cause | null {
  if (missing !== null) return null;
  return firstAbove([{ reason: 'use_high', signal: 'spare_use', value: signals.spare_use, threshold: rules.up }]);
}

function memoryHigh({ signals, rules }: NodeInput): Cause | null {
  return firstAbove([{ reason: 'memory_high', signal: 'memory_use', value: signals.memory_use, threshold: rules.up }]);
}

function standStill({ rules }: NodeInput, { value, bounds }: Scaled, signal: string): Decision | null {
  if (!rules.enabled) return hold(value, 'switched_off');
  return intoBounds(value, bounds, signal);
}

function grow(input: NodeInput, { value, bounds, last }: Scaled, cause: Cause): Decision {
  const to = Math.min(bounds.max, stepUp(value));
  return to > value ? move(value, to, cause, { ...input, last }) : hold(value, 'at_max', { cause });
}

function shrink(input: NodeInput, { value, bounds, last }: Scaled, cause: Cause): Decision {
  const to = Math.max(bounds.min, stepDown(value));
  return to < value ? move(value, to, cause, { ...input, last }) : hold(value, 'at_min', { cause });
}
