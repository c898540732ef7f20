import type { Attempt } from './attempt.ts';
import { isSuccess } from './judge-attempt.ts';
import { headerOf } from './response-headers.ts';
import { type Failure, nextPause, type RetryPolicy } from './retry-policy.ts';

export interface Sending {
  send(): Promise<Attempt>;
  /** Called before each pause. */
  onRetry(failed: Attempt, pauseMs: number): void;
  /** Called after each pause; rejects when the request may no longer be sent. */
  mayGoOn(): Promise<void>;
}

/** Sends until an attempt succeeds or its failure is final. Rejects when the signal aborts or `mayGoOn` rejects. */
export async function sendWithRetries(sending: Sending, policy: RetryPolicy, signal: AbortSignal): Promise<Attempt> {
  const startedAt = policy.now();
  for (let retries = 0; ; retries++) {
    const outcome = await sending.send();
    const failure = failureOf(outcome);
    if (failure === null) return outcome;
    const pause = nextPause(policy, failure, retries, policy.now() - startedAt);
    if (pause === null) return outcome;
    if (outcome.kind === 'stream') outcome.rest.cancel();
    sending.onRetry(outcome, pause);
    await policy.sleep(pause, signal);
    await sending.mayGoOn();
  }
}

function failureOf(outcome: Attempt): Failure | null {
  if (outcome.kind === 'denied') {
    const retryAfter = outcome.retryAfterMs === null ? null : String(outcome.retryAfterMs / 1000);
    return { status: outcome.status, retryAfter, shouldRetry: outcome.final ? 'false' : null };
  }
  if (outcome.kind === 'broken') {
    return outcome.retryable ? { status: 0, retryAfter: null, shouldRetry: null } : null;
  }
  if (outcome.kind === 'stream') {
    return outcome.opensWith === null ? null : { status: outcome.opensWith, retryAfter: null, shouldRetry: null };
  }
  if (isSuccess(outcome)) return null;
  return {
    status: outcome.status,
    retryAfter: headerOf(outcome.headers, 'retry-after'),
    shouldRetry: headerOf(outcome.headers, 'x-should-retry'),
  };
}
