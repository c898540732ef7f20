import type { StatusReason } from '@aaas/contract/lifecycle';
import type { TurnOutcome } from '../../harness/harness.ts';
import type { Uncommitted } from '../log/append.ts';
import { draftEvent, type EventDraft } from '../log/draft-event.ts';
import type { TurnEnding } from './end-turn.ts';

/** So often a turn is tried again because the model failed in the middle of an answer. */
const TURN_RETRIES_MAX = 3;

export interface TurnError {
  type: string;
  message: string;
}

/** What becomes of a turn: it ends, or it is tried again from what the transcript holds. */
export type TurnVerdict =
  | { do: 'end'; ending: TurnEnding; left: Uncommitted }
  | { do: 'retry'; left: Uncommitted; error: TurnError };

/** Judges the outcome of one attempt after `failures` failed ones. `interruptedBy` is why the owner interrupted it. */
export function judgeTurn(outcome: TurnOutcome, failures: number, interruptedBy: StatusReason | null): TurnVerdict {
  const { left, response } = outcome;
  if (interruptedBy !== null || outcome.kind === 'interrupted') {
    return { do: 'end', left, ending: interruptedEnding(interruptedBy ?? 'turn_interrupted', response) };
  }
  if (outcome.kind === 'completed') {
    const { stopReason } = outcome;
    return {
      do: 'end',
      left,
      ending: { state: 'completed', stopReason, response, error: null, reason: 'turn_ended' },
    };
  }
  if (outcome.retryable && failures < TURN_RETRIES_MAX) return { do: 'retry', left, error: outcome.error };
  return { do: 'end', left, ending: failedEnding(outcome.error) };
}

export function interruptedEnding(reason: StatusReason, response: string | null): TurnEnding {
  const timedOut = reason === 'turn_timed_out';
  return {
    state: timedOut ? 'failed' : 'interrupted',
    stopReason: timedOut ? 'timed_out' : 'interrupted',
    response,
    error: timedOut
      ? { type: 'unknown_error', message: 'The turn took longer than AGENT_TIMEOUT and was ended.' }
      : null,
    reason,
  };
}

/** How a turn ends that nobody will drive any more. */
export function abandonedEnding(reason: StatusReason): TurnEnding {
  if (reason !== 'recovery_off') return interruptedEnding(reason, null);
  return failedEnding({
    type: 'unknown_error',
    message:
      'The node that worked on this turn is gone, and the restart policy of the agent is never: it was not taken up again. What its tools did stays done.',
  });
}

export function failedEnding(error: TurnError): TurnEnding {
  const stopReason = error.type === 'budget_exceeded' ? error.type : 'retries_exhausted';
  return { state: 'failed', stopReason, response: null, error, reason: 'turn_ended' };
}

/** The turn produced something that the database will not store. */
export function unstorableEnding(sqlState: string): TurnEnding {
  return failedEnding({
    type: 'unknown_error',
    message: `What this turn produced could not be stored (${sqlState}); the log of the server says more. Ask for it in another form.`,
  });
}

/** What the log says when a turn is tried again. */
export function retryEvents(error: TurnError): EventDraft[] {
  return [
    draftEvent('session.error', { error: { ...error, retry_status: { type: 'retrying' } } }),
    draftEvent('session.status_rescheduled'),
  ];
}
