import type { SandboxPhase, StatusReason } from '@aaas/contract/lifecycle';
import type { RestartMode } from '@aaas/contract/restart-policy';
import { asksToTake, decideWaiting } from '../approvals/decide-waiting.ts';
import { hasOpenTurn, type StatusColumns, waitsForApproval } from './status.ts';

/** What the row says. */
export interface SessionFacts extends StatusColumns {
  operation: 'start' | 'restart' | 'hibernate' | null;
  /** A message waits in the inbox. */
  messageWaits: boolean;
  /** An interrupt waits in the inbox. */
  interruptWaits: boolean;
  /** Somebody has left an event for the log. */
  noticeWaits: boolean;
  /** How often its process was lost, as far as it counts now. */
  losses: number;
  retryAt: number | null;
  /** Another version of the agent is to be taken when no turn is open. */
  versionPending: boolean;
  /** It lives for one message. */
  ephemeral: boolean;
  /** Open asks that the log does not list yet. */
  asksUnlisted: number;
  /** Answers that the owner has not taken into account yet. */
  asksAnswered: number;
}

/** What the owner sees of its own process. Times are milliseconds of the clock that `now` comes from. */
export interface Observed {
  /** sick: a health check has failed, and it has not been ended yet. */
  process: 'none' | 'starting' | 'live' | 'sick' | 'lost';
  /** Why the process is sick or was lost. */
  lostReason: StatusReason;
  /** It ended by itself with exit code 0. */
  endedCleanly: boolean;
  /** A turn is being driven by this owner. */
  turnDriven: boolean;
  turnDeadline: number | null;
  /** The owner has interrupted the turn it drives. */
  interrupted: boolean;
  /** A tool runs in the turn. */
  busy: boolean;
  /** Since when the turn waits for a person. */
  waitsSince: number | null;
  /** Since when the session drains. */
  drainingSince: number | null;
  /** The owner wants the place back: the node drains, or another agent needs the slot. */
  leave: StatusReason | null;
  /** Others have waited long enough: it leaves after its turn, also when a message waits for it. */
  yields: boolean;
}

export interface Bounds {
  drainMs: number;
  /** Of the agent's restart policy. */
  restart: { mode: RestartMode; maxAttempts: number };
  approvalHoldMs: number;
}

/** Why a session is given up until somebody starts it. */
export type GivenUp = Extract<StatusReason, 'attempts_used_up' | 'recovery_off' | 'start_refused'>;

export type Action =
  /** Nothing to do before `until`, or before something changes. */
  | { do: 'wait'; until: number | null }
  | { do: 'start' }
  /** A version was pinned: take it, in a new process where that is needed. */
  | { do: 'take_version' }
  | { do: 'begin_turn' }
  | { do: 'resume_turn' }
  | { do: 'interrupt'; reason: StatusReason }
  /** The interrupt found no turn: take it out of the inbox. */
  | { do: 'settle_interrupt' }
  | { do: 'log_notices' }
  /** The log and the process are to learn what is asked and what was answered. */
  | { do: 'take_asks' }
  /** An open turn that nobody will drive any more ends here. */
  | { do: 'abandon_turn'; reason: StatusReason }
  | { do: 'drain' }
  | { do: 'close'; reason: StatusReason }
  /** The process is gone against our will: count it and try again, at once the first time. */
  | { do: 'recover'; reason: StatusReason }
  /** A health check failed: say so and end the process. */
  | { do: 'condemn' }
  | { do: 'fail'; reason: GivenUp }
  /** No process and none wanted: say so in the row. */
  | { do: 'settle'; phase: Extract<SandboxPhase, 'none' | 'failed'>; reason: StatusReason }
  /** It is up and stays up, as was asked. */
  | { do: 'operation_done' }
  /** Its one message is answered, or never will be. */
  | { do: 'finish' }
  | { do: 'purge' }
  /** Nothing here needs an owner: give the session up. */
  | { do: 'release' };

/** The whole lifecycle: what the owner of a session does next. Pure. */
export function decide(session: SessionFacts, seen: Observed, bounds: Bounds, now: number): Action {
  if (session.noticeWaits && session.intent !== 'archived') return { do: 'log_notices' };
  if (isSpent(session, seen)) return { do: 'finish' };
  if (seen.process === 'sick') return { do: 'condemn' };
  if (asksToTake(session, seen)) return { do: 'take_asks' };
  const leaving = leaveReason(session, seen);
  const waiting = decideWaiting(session, seen, bounds, now, leaving);
  if (waiting) return waiting;
  return leaving ? decideLeaving(session, seen, bounds, now, leaving) : decideActive(session, seen, bounds, now);
}

function isSpent(session: SessionFacts, seen: Observed): boolean {
  if (!session.ephemeral || session.intent !== 'active' || hasOpenTurn(session) || seen.turnDriven) return false;
  return !session.messageWaits || session.sandboxPhase === 'failed';
}

/** Reasons to sleep that give way to work: who has none left sleeps, whoever has some stays. */
export function isSleep(reason: StatusReason): boolean {
  return SLEEP.has(reason);
}

const SLEEP = new Set<StatusReason>([
  'idle_timeout',
  'slot_needed',
  'memory_short',
  'hibernate_requested',
  'placement_changed',
]);

/** A process that is up has work, or something else is asked of it: it does not sleep now. */
function worksOn(session: SessionFacts, seen: Observed): boolean {
  // What waits for a person has no work: its answer wakes it.
  if (waitsForApproval(session) && seen.process === 'live' && !seen.busy && !seen.interrupted) return false;
  if (seen.turnDriven || seen.process === 'starting' || seen.process === 'sick') return true;
  // Without a process it queues with the others for a place, unless it slept for want of work alone.
  if (seen.process !== 'live' && seen.leave !== 'idle_timeout') return false;
  if (session.operation === 'start' || session.operation === 'restart') return true;
  return hasOpenTurn(session) || (session.messageWaits && !seen.yields);
}

/** Why the session must give up its process, if it must. A delete outranks all. */
function leaveReason(session: SessionFacts, seen: Observed): StatusReason | null {
  if (session.intent === 'archived') return 'delete_requested';
  if (session.intent === 'stopped') return 'stop_requested';
  if (seen.leave && !(isSleep(seen.leave) && worksOn(session, seen))) return seen.leave;
  if (session.operation === 'restart') return 'restart_requested';
  return null;
}

function decideLeaving(
  session: SessionFacts,
  seen: Observed,
  bounds: Bounds,
  now: number,
  reason: StatusReason,
): Action {
  if (seen.turnDriven) {
    if (seen.drainingSince === null) return { do: 'drain' };
    const deadline = seen.drainingSince + bounds.drainMs;
    if (seen.interrupted) return { do: 'wait', until: null };
    if (session.interruptWaits) return { do: 'interrupt', reason: 'turn_interrupted' };
    if (now < deadline) return { do: 'wait', until: deadline };
    // Nobody asked to end this turn when only its node leaves: it goes on in another process.
    return seen.leave && session.intent === 'active' ? { do: 'close', reason } : { do: 'interrupt', reason };
  }
  if (seen.process === 'live' || seen.process === 'starting') return { do: 'close', reason };
  if (hasOpenTurn(session) && session.intent !== 'active') return { do: 'abandon_turn', reason };
  if (session.intent === 'archived') return { do: 'purge' };
  if (session.versionPending && !hasOpenTurn(session)) return { do: 'take_version' };
  if (session.intent === 'active' && !seen.leave) return { do: 'start' };
  const settled = session.sandboxPhase === 'none' || session.sandboxPhase === 'failed';
  return settled ? { do: 'release' } : { do: 'settle', phase: 'none', reason };
}

function decideActive(session: SessionFacts, seen: Observed, bounds: Bounds, now: number): Action {
  if (seen.process === 'lost') return decideLost(session, seen, bounds);
  if (seen.process === 'starting') return { do: 'wait', until: null };
  if (seen.process === 'live') return decideLive(session, seen, now);
  return decideWithoutProcess(session, bounds, now);
}

function decideLost(session: SessionFacts, seen: Observed, { restart }: Bounds): Action {
  // It was killed because it did not obey an interrupt: the turn ends with it.
  if (seen.turnDriven && seen.interrupted) return { do: 'abandon_turn', reason: 'turn_interrupted' };
  if (seen.lostReason === 'start_refused') return { do: 'fail', reason: 'start_refused' };
  if (restart.mode === 'never') return { do: 'fail', reason: 'recovery_off' };
  const finished = seen.endedCleanly && !hasOpenTurn(session);
  if (restart.mode === 'on-failure' && finished) return { do: 'close', reason: seen.lostReason };
  if (session.losses >= restart.maxAttempts) return { do: 'fail', reason: 'attempts_used_up' };
  return { do: 'recover', reason: seen.lostReason };
}

function decideLive(session: SessionFacts, seen: Observed, now: number): Action {
  if (seen.turnDriven) {
    // Somebody wanted it to end and then wanted it to stay.
    if (session.sandboxPhase === 'draining') return { do: 'operation_done' };
    if (seen.interrupted) return { do: 'wait', until: null };
    if (session.interruptWaits) return { do: 'interrupt', reason: 'turn_interrupted' };
    if (seen.turnDeadline !== null && now >= seen.turnDeadline) return { do: 'interrupt', reason: 'turn_timed_out' };
    return { do: 'wait', until: seen.turnDeadline };
  }
  if (session.operation === 'hibernate') return { do: 'close', reason: 'hibernate_requested' };
  if (session.versionPending && !hasOpenTurn(session)) return { do: 'take_version' };
  if (session.operation === 'start' || session.sandboxPhase === 'draining') return { do: 'operation_done' };
  if (hasOpenTurn(session)) return { do: 'resume_turn' };
  if (session.interruptWaits) return { do: 'settle_interrupt' };
  if (session.messageWaits) return { do: 'begin_turn' };
  return { do: 'wait', until: null };
}

function decideWithoutProcess(session: SessionFacts, { restart }: Bounds, now: number): Action {
  if (session.versionPending && !hasOpenTurn(session)) return { do: 'take_version' };
  if (session.sandboxPhase === 'failed' && session.operation !== 'start') return { do: 'release' };
  if (session.operation === 'hibernate' && !hasOpenTurn(session)) {
    return { do: 'settle', phase: 'none', reason: 'hibernate_requested' };
  }
  const wanted =
    hasOpenTurn(session) ||
    session.messageWaits ||
    session.operation === 'start' ||
    session.sandboxPhase === 'recovering';
  if (session.interruptWaits && hasOpenTurn(session)) return { do: 'abandon_turn', reason: 'turn_interrupted' };
  if (session.interruptWaits) return { do: 'settle_interrupt' };
  if (!wanted) {
    return session.sandboxPhase === 'none' ? { do: 'release' } : { do: 'settle', phase: 'none', reason: 'node_lost' };
  }
  // The row speaks of a process that its owner took with it.
  const orphaned = !['none', 'failed', 'recovering'].includes(session.sandboxPhase);
  if (orphaned && session.operation !== 'start') {
    // Not the agent's fault: the turn is given up, and the agent sleeps.
    if (restart.mode === 'never' && hasOpenTurn(session)) return { do: 'abandon_turn', reason: 'recovery_off' };
    return { do: 'recover', reason: 'node_lost' };
  }
  if (session.retryAt !== null && session.retryAt > now) return { do: 'wait', until: session.retryAt };
  return { do: 'start' };
}
