import type { ScaleReason } from '@aaas/contract/autoscaler';
import type { ScaleRules } from './scale-rules.ts';

/** What is decided of one thing that scales. Times in milliseconds since 1970. */
export interface Decision {
  action: 'up' | 'down' | 'hold';
  from: number | null;
  to: number | null;
  reason: ScaleReason;
  detail: string | null;
  /** What was decisive. */
  cause: Cause | null;
  /** It does not move that way again before. */
  cooldownUntil: number | null;
}

/** A signal that has crossed a threshold. */
export interface Cause {
  reason: ScaleReason;
  signal: string;
  value: number;
  threshold: number;
}

/** When a thing was moved last; null: never. */
export type LastMove = { at: number } | null;

export interface Bounds {
  min: number;
  max: number;
}

/** Half as much again, rounded up. */
export function stepUp(value: number): number {
  return value + Math.max(1, Math.ceil(value * 0.5));
}

/** Three tenths less, rounded down, but one less at least: three would else stay three for ever. */
export function stepDown(value: number): number {
  return value - Math.max(1, Math.floor(value * 0.3));
}

export function hold(
  from: number | null,
  reason: ScaleReason,
  more: Partial<Pick<Decision, 'detail' | 'cause' | 'cooldownUntil'>> = {},
): Decision {
  return { action: 'hold', from, to: from, reason, detail: null, cause: null, cooldownUntil: null, ...more };
}

/** Moves it, unless it was moved a moment ago. */
export function move(
  from: number,
  to: number,
  cause: Cause,
  { now, last, rules }: { now: number; last: LastMove; rules: ScaleRules },
): Decision {
  const up = to > from;
  const pauseMs = (up ? rules.upCooldownSeconds : rules.downCooldownSeconds) * 1_000;
  if (last && now < last.at + pauseMs) return hold(from, 'cooldown', { cause, cooldownUntil: last.at + pauseMs });
  const { reason } = cause;
  return { action: up ? 'up' : 'down', from, to, reason, detail: null, cause, cooldownUntil: now + pauseMs };
}

/** Back between its bounds, whatever was a moment ago; null: it is there. */
export function intoBounds(from: number, { min, max }: Bounds, signal: string): Decision | null {
  if (from >= min && from <= max) return null;
  const [to, reason] = from < min ? [min, 'below_min' as const] : [max, 'above_max' as const];
  const cause = { reason, signal, value: from, threshold: to };
  return { action: to > from ? 'up' : 'down', from, to, reason, detail: null, cause, cooldownUntil: null };
}

/** The first of them that has crossed its threshold. */
export function firstAbove(
  checks: { reason: ScaleReason; signal: string; value: number | null; threshold: number; counts?: boolean }[],
): Cause | null {
  for (const { reason, signal, value, threshold, counts = true } of checks)
    if (counts && value !== null && value > threshold) return { reason, signal, value, threshold };
  return null;
}
