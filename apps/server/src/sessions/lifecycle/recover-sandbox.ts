import { STATUS_REASONS, type StatusReason } from '@aaas/contract/lifecycle';
import type { StartReport } from '@aaas/contract/starts';
import { draftEvent, type EventDraft } from '../log/draft-event.ts';
import { failedEnding, type TurnError } from '../turns/judge-turn.ts';
import type { GivenUp } from './decide.ts';
import { recoveryDelay } from './recovery-delay.ts';
import { countedLosses, type RestartRules, restartRules } from './restart-rules.ts';
import type { RunnerParts } from './runner-parts.ts';
import { hasOpenTurn } from './status.ts';
import { transition } from './transition.ts';

/** The restart policy in force, and the losses that count against it now. */
export function recoveryOf({ ctx, bounds, row }: Pick<RunnerParts, 'ctx' | 'bounds' | 'row'>): {
  rules: RestartRules;
  losses: Date[];
} {
  const session = row();
  const rules = restartRules(session.definition.restart_policy, bounds);
  return { rules, losses: countedLosses(session.losses, rules.windowMs, ctx.now().getTime()) };
}

/** A health check has failed: said first, then its tree is ended; that it is lost is found by the next look. */
export async function condemnSandbox({ ctx, owned, row, turns, sandbox }: RunnerParts): Promise<void> {
  const { lostReason: reason, lostDetail: detail } = sandbox;
  const nextAction = 'end its processes and start another';
  await transition(ctx, owned, row(), { sandboxPhase: 'unhealthy' }, { reason, detail, nextAction }, [], turns.turnId);
  await sandbox.lose(reason, detail ?? '');
}

/** The process is gone against our will: it is counted, and another one is due after the backoff. */
export async function recoverSandbox(parts: RunnerParts, reason: StatusReason): Promise<void> {
  const { ctx, owned, turns, sandbox } = parts;
  const session = parts.row();
  const { lostDetail: detail, lostStart: start } = sandbox;
  const turnId = turns.turnId ?? session.openTurnId;
  turns.detach();
  await sandbox.kill();
  const { rules, losses } = recoveryOf(parts);
  const now = ctx.now();
  // A session is not to blame for the loss of its node.
  const blamed = reason !== 'node_lost';
  const delay = blamed ? recoveryDelay(losses.length, backoffOf(rules), Math.random()) : 0;
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
      losses: blamed ? [...losses, now] : losses,
      retryAt: new Date(now.getTime() + delay),
    },
    { reason, detail, nextAction: withHint(nextStart(delay), start), start },
    open ? [draftEvent('session.status_rescheduled')] : [],
    open ? turnId : null,
  );
}

/** The model failed in the middle of its answer: a new process goes on from the transcript. */
export async function retryTurn(parts: RunnerParts, failures: number, error: TurnError): Promise<void> {
  const { ctx, owned, turns, sandbox } = parts;
  await sandbox.close();
  const delay = recoveryDelay(failures - 1, backoffOf(recoveryOf(parts).rules), Math.random());
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
export async function failSession(parts: RunnerParts, reason: GivenUp, detail: string | null): Promise<void> {
  const { ctx, owned, turns, sandbox } = parts;
  const cause = sandbox.state === 'lost' ? sandbox.lostReason : null;
  const start = sandbox.lostStart;
  turns.detach();
  await sandbox.kill();
  const session = parts.row();
  if (hasOpenTurn(session)) await turns.abandon(failedEnding(errorOf(reason, detail)));
  await transition(
    ctx,
    owned,
    session,
    { sandboxPhase: 'failed', pid: null, retryAt: null },
    { reason, detail, nextAction: withHint('start it again when the cause is mended', start), start },
    [alert(parts, reason, cause, detail)],
  );
}

/** What somebody must look at; the webhook `agent.error` is sent by the same statement. */
function alert(
  parts: RunnerParts,
  reason: StatusReason,
  cause: StatusReason | null,
  detail: string | null,
): EventDraft {
  const { rules, losses } = recoveryOf(parts);
  return draftEvent('x.alert', {
    alert: 'agent_error',
    severity: 'critical',
    reason,
    cause,
    message: STATUS_REASONS[reason],
    detail,
    attempts_used: losses.length,
    window_seconds: rules.windowMs / 1000,
  });
}

function errorOf(reason: StatusReason, detail: string | null): TurnError {
  const message =
    reason === 'recovery_off'
      ? `The process of the agent was lost and its restart policy is never, so this turn was not taken up again; what its tools did stays done. ${detail ?? ''}`
      : `The agent could not be kept running: ${detail}`;
  return { type: 'unknown_error', message: message.trim() };
}

function withHint(action: string, start: StartReport | null): string {
  return start?.hint ? `${action}. ${start.hint}` : action;
}

function backoffOf({ backoffMs, backoffMaxMs }: RestartRules): { ms: number; maxMs: number } {
  return { ms: backoffMs, maxMs: backoffMaxMs };
}

function nextStart(delayMs: number): string {
  return delayMs === 0 ? 'start again now' : `start again in ${Math.ceil(delayMs / 1000)} s`;
}
