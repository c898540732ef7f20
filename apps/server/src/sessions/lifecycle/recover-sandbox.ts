import type { StatusReason } from '@aaas/contract/lifecycle';
import type { StartReport } from '@aaas/contract/starts';
import { draftEvent } from '../log/draft-event.ts';
import { failedEnding, type TurnError } from '../turns/judge-turn.ts';
import { recoveryDelay } from './recovery-delay.ts';
import type { RunnerParts } from './runner-parts.ts';
import { hasOpenTurn } from './status.ts';
import { transition } from './transition.ts';

/** The process is gone against our will: it is counted, and another one is due after the backoff. */
export async function recoverSandbox(parts: RunnerParts, reason: StatusReason): Promise<void> {
  const { ctx, owned, bounds, turns, sandbox } = parts;
  const session = parts.row();
  const { lostDetail: detail, lostStart: start } = sandbox;
  const turnId = turns.turnId ?? session.openTurnId;
  turns.detach();
  await sandbox.kill();
  // A session is not to blame for the loss of its node.
  const blame = reason === 'node_lost' ? 0 : 1;
  const delay = blame * recoveryDelay(session.failedStarts, bounds.recoveryBackoffMs, Math.random());
  const open = hasOpenTurn(session);
  await transition(
    ctx,
    owned,
    session,
    {
      sandboxPhase: 'recovering',
      turnStatus: open ? 'rescheduling' : 'idle',
      pid: null,
      restarts: session.restarts + 1,
      failedStarts: session.failedStarts + blame,
      retryAt: new Date(ctx.now().getTime() + delay),
    },
    { reason, detail, nextAction: withHint(nextStart(delay), start), start },
    open ? [draftEvent('session.status_rescheduled')] : [],
    open ? turnId : null,
  );
}

/** The model failed in the middle of its answer: a new process goes on from the transcript. */
export async function retryTurn(parts: RunnerParts, failures: number, error: TurnError): Promise<void> {
  const { ctx, owned, bounds, turns, sandbox } = parts;
  await sandbox.close();
  const delay = recoveryDelay(failures - 1, bounds.recoveryBackoffMs, Math.random());
  await transition(
    ctx,
    owned,
    parts.row(),
    {
      sandboxPhase: 'recovering',
      turnStatus: 'rescheduling',
      pid: null,
      retryAt: new Date(ctx.now().getTime() + delay),
    },
    { reason: 'turn_retry', detail: error.message, nextAction: nextStart(delay) },
    [],
    turns.turnId,
  );
}

/** Gives the session up until somebody starts it: its process cannot be kept, or its state cannot be written. */
export async function failSession(parts: RunnerParts, detail: string | null): Promise<void> {
  const { ctx, owned, turns, sandbox } = parts;
  const start = sandbox.lostStart;
  turns.detach();
  await sandbox.kill();
  const session = parts.row();
  if (hasOpenTurn(session)) {
    await turns.abandon(
      failedEnding({ type: 'unknown_error', message: `The agent could not be kept running: ${detail}` }),
    );
  }
  await transition(
    ctx,
    owned,
    session,
    { sandboxPhase: 'failed', pid: null, retryAt: null },
    {
      reason: 'attempts_used_up',
      detail,
      nextAction: withHint('start it again when the cause is mended', start),
      start,
    },
  );
}

function withHint(action: string, start: StartReport | null): string {
  return start?.hint ? `${action}. ${start.hint}` : action;
}

function nextStart(delayMs: number): string {
  return delayMs === 0 ? 'start again now' : `start again in ${Math.ceil(delayMs / 1000)} s`;
}
