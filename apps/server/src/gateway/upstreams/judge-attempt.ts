import type { Attempt } from './attempt.ts';
import { isRetryable } from './retry-policy.ts';

/** An answer that is passed on as a success. */
export function isSuccess(outcome: Attempt): boolean {
  if (outcome.kind === 'stream') return outcome.opensWith === null;
  return outcome.kind === 'whole' && outcome.status >= 200 && outcome.status <= 299;
}

/** The provider does not accept the key that the operator has configured, or not for this. */
export function refusesKey(outcome: Attempt): boolean {
  return outcome.kind === 'whole' && (outcome.status === 401 || outcome.status === 403);
}

/** It does not work, as opposed to an answer that the client does not like: counts for the breaker. */
export function isOutage(outcome: Attempt): boolean {
  if (outcome.kind === 'broken') return true;
  if (outcome.kind === 'stream') return outcome.opensWith !== null && outcome.opensWith >= 500;
  return outcome.kind === 'whole' && (outcome.status >= 500 || (outcome.status >= 300 && outcome.status < 400));
}

/** Whether another upstream may do better: everything but a success and what is wrong with the request itself. */
export function isUpstreamsFault(outcome: Attempt): boolean {
  if (outcome.kind === 'denied' || isOutage(outcome) || refusesKey(outcome)) return true;
  const status = outcome.kind === 'stream' ? outcome.opensWith : outcome.status;
  return status !== null && isRetryable(status);
}

/** What went wrong, in words that hold nothing of what the upstream said. */
export function describeFailure(outcome: Attempt): string {
  if (outcome.kind === 'denied') return outcome.reason === 'breaker' ? 'it is left alone' : 'it has no free place';
  if (outcome.kind === 'stream') return `its stream began with an error (${outcome.opensWith})`;
  if (outcome.kind === 'whole') return `it answered with status ${outcome.status}`;
  const { code } = outcome.cause as { code?: unknown };
  return `the connection failed${typeof code === 'string' ? ` (${code})` : ''}`;
}
