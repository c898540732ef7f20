import { redact } from '../redact.ts';
import type { Attempt } from './attempt.ts';

const MAX_CHARS = 500;

/** What the provider said to a key that it refuses, for the operator's log; never the key. */
export function refusalOf(outcome: Attempt, secrets: readonly string[]): string {
  if (outcome.kind !== 'whole') return '';
  const text = redact(outcome.body, secrets).toString('utf8');
  try {
    const body = JSON.parse(text) as { error?: { message?: unknown } };
    if (typeof body.error?.message === 'string') return body.error.message.slice(0, MAX_CHARS);
  } catch {
    // A proxy's page, most likely.
  }
  return text.slice(0, MAX_CHARS);
}
