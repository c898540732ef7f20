import type { Clock } from '../clock.ts';

/** How failed attempts are repeated. */
export interface RetryPolicy extends Clock {
  /** Attempts after the first, at most. */
  maxRetries: number;
  /** No attempt starts later than this after the first one started. */
  budgetMs: number;
  /** The first pause is anything up to this, each further one up to twice as much. */
  baseMs: number;
  capMs: number;
  /** A streaming client hears a ping this often while it waits for its first byte. */
  pingEveryMs: number;
}

export const RETRY_BOUNDS = {
  maxRetries: 5,
  budgetMs: 60_000,
  baseMs: 500,
  capMs: 8_000,
  pingEveryMs: 5_000,
} as const;

/** Whether another attempt may fare better than one with this status: 0 is no answer at all. */
export function isRetryable(status: number): boolean {
  return status === 0 || status === 408 || status === 409 || status === 429 || (status >= 500 && status !== 501);
}

/** What a failed attempt tells of the next one. */
export interface Failure {
  /** 0: no answer, or one that broke. */
  status: number;
  /** `retry-after` as it came: seconds or a date. */
  retryAfter: string | null;
  /** `x-should-retry` as it came. */
  shouldRetry: string | null;
}

/**
 * The pause before the next attempt in milliseconds, or null: the failure is final. An upstream that asks for a longer
 * pause than is left is believed, and its error passed on at once.
 */
export function nextPause(
  policy: RetryPolicy,
  failure: Failure,
  retriesDone: number,
  elapsedMs: number,
): number | null {
  if (!isRetryable(failure.status)) return null;
  if (failure.shouldRetry === 'false') return null;
  if (retriesDone >= policy.maxRetries) return null;
  const backoff = policy.random() * Math.min(policy.capMs, policy.baseMs * 2 ** retriesDone);
  const pause = Math.max(backoff, parseRetryAfter(failure.retryAfter, policy.wall()));
  return elapsedMs + pause <= policy.budgetMs ? pause : null;
}

/** Milliseconds that a `retry-after` asks for; 0 when it says nothing that can be understood. */
export function parseRetryAfter(value: string | null, wallMs: number): number {
  if (value === null) return 0;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? 0 : Math.max(0, date - wallMs);
}
