import type { StopReason } from '@aaas/contract/events';
import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import type { Uncommitted } from '../../sessions/log/append.ts';
import type { TurnOutcome } from '../harness.ts';

const RETRYABLE = new Set([408, 409, 429, 500, 502, 503, 504, 529]);

/** The verdict on a turn. `subtype` is not it: a turn that failed at the model has subtype success and `is_error`. */
export function toOutcome(result: SDKResultMessage, left: Uncommitted): TurnOutcome {
  const response = result.subtype === 'success' && !result.is_error ? result.result : null;
  const ended = { left, response };
  if (String(result.terminal_reason ?? '').startsWith('aborted')) return { ...ended, kind: 'interrupted' };
  if (result.subtype === 'error_max_turns') return { ...ended, kind: 'completed', stopReason: 'max_turns' };
  if (!result.is_error) return { ...ended, kind: 'completed', stopReason: stopReasonOf(result.stop_reason) };
  const status = result.subtype === 'success' ? (result.api_error_status ?? null) : null;
  return {
    ...ended,
    kind: 'failed',
    error: { type: errorTypeOf(status), message: messageOf(result) },
    // Without a status the answer broke off on the way.
    retryable: result.subtype === 'success' && (status === null || RETRYABLE.has(status)),
  };
}

function stopReasonOf(reason: string | null): StopReason {
  return reason === 'max_tokens' || reason === 'refusal' ? reason : 'end_turn';
}

function errorTypeOf(status: number | null): string {
  if (status === 529 || status === 503) return 'model_overloaded_error';
  if (status === 429) return 'model_rate_limited_error';
  return 'model_request_failed_error';
}

// The address of the gateway is of no use to anybody else.
const GATEWAY_HINT = / If it persists, check your inference gateway \([^)]*\)\./;

function messageOf(result: SDKResultMessage): string {
  const text = result.subtype === 'success' ? result.result : result.errors.join('; ');
  return text.replace(GATEWAY_HINT, '').slice(0, 2_000);
}
