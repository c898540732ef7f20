import { describe, expect, it } from 'vitest';
import { type Action, type Bounds, decide, type Observed, type SessionFacts } from './decide.ts';

const NOW = 1_000_000;
const BOUNDS: Bounds = { drainMs: 30_000, approvalHoldMs: 60_000, restart: { mode: 'always', maxAttempts: 3 } };

const session: SessionFacts = {
  intent: 'active',
  turnStatus: 'idle',
  sandboxPhase: 'ready',
  operation: null,
  messageWaits: false,
  interruptWaits: false,
  noticeWaits: false,
  losses: 0,
  retryAt: null,
  versionPending: false,
  ephemeral: false,
  asksUnlisted: 0,
  asksAnswered: 0,
};
const live: Observed = {
  process: 'live',
  lostReason: 'process_exited',
  endedCleanly: false,
  turnDriven: false,
  turnDeadline: null,
  interrupted: false,
  busy: false,
  waitsSince: null,
  drainingSince: null,
  leave: null,
  yields: false,
};
const none: Observed = { ...live, process: 'none' };
const driven: Observed = { ...live, turnDriven: true, turnDeadline: NOW + 60_000 };
const running: SessionFacts = { ...session, turnStatus: 'running' };
const waiting: SessionFacts = { ...session, turnStatus: 'waiting' };
const asked: Observed = { ...live, turnDriven: true, waitsSince: NOW - 1_000 };
const query: SessionFacts = { ...session, ephemeral: true, messageWaits: true };

const policy = (maxAttempts: number, mode: Bounds['restart']['mode'] = 'always'): Bounds => ({
  ...BOUNDS,
  restart: { mode, maxAttempts },
});
const SICK = { ...live, process: 'sick', lostReason: 'control_channel_timeout' } as const;
const ENDED = { process: 'lost', endedCleanly: true } as const;
const RECOVER = { do: 'recover', reason: 'process_exited' } as const;
const GIVEN_UP = { do: 'fail', reason: 'recovery_off' } as const;

// One row a story: what the row says, what the owner sees, what it does.
const STORIES: [string, SessionFacts, Observed, Action, Bounds?][] = [
  // a live process
  ['nothing to do', session, live, { do: 'wait', until: null }],
  ['a message waits', { ...session, messageWaits: true }, live, { do: 'begin_turn' }],
  ['a notice waits', { ...running, noticeWaits: true }, driven, { do: 'log_notices' }],
  ['a turn runs', running, driven, { do: 'wait', until: NOW + 60_000 }],
  ['a message waits behind a turn', { ...running, messageWaits: true }, driven, { do: 'wait', until: NOW + 60_000 }],
  ['a turn is too long', running, { ...driven, turnDeadline: NOW }, { do: 'interrupt', reason: 'turn_timed_out' }],
  [
    'somebody interrupts',
    { ...running, interruptWaits: true },
    driven,
    { do: 'interrupt', reason: 'turn_interrupted' },
  ],
  ['it is interrupted already', running, { ...driven, interrupted: true }, { do: 'wait', until: null }],
  ['an interrupt finds no turn', { ...session, interruptWaits: true }, live, { do: 'settle_interrupt' }],
  ['a turn was left open by the process before', running, live, { do: 'resume_turn' }],
  ['start of what runs already', { ...session, operation: 'start' }, live, { do: 'operation_done' }],
  ['sleep is asked for', { ...session, operation: 'hibernate' }, live, { do: 'close', reason: 'hibernate_requested' }],
  ['sleep waits for the turn', { ...running, operation: 'hibernate' }, driven, { do: 'wait', until: NOW + 60_000 }],
  // somebody wanted it to end and then to stay
  [
    'start in a turn that drained',
    { ...running, sandboxPhase: 'draining', operation: 'start' },
    { ...driven, drainingSince: NOW },
    { do: 'operation_done' },
  ],
  [
    'sleep after a stop that was taken back',
    { ...running, sandboxPhase: 'draining', operation: 'hibernate' },
    { ...driven, drainingSince: NOW, interrupted: true },
    { do: 'operation_done' },
  ],
  // another version
  ['a version is pinned', { ...session, versionPending: true }, live, { do: 'take_version' }],
  ['before the next message', { ...session, versionPending: true, messageWaits: true }, live, { do: 'take_version' }],
  ['not in a turn', { ...running, versionPending: true }, driven, { do: 'wait', until: NOW + 60_000 }],
  ['not before an open turn has ended', { ...running, versionPending: true }, live, { do: 'resume_turn' }],
  [
    'nor when its process was lost',
    { ...running, versionPending: true, sandboxPhase: 'recovering' },
    none,
    { do: 'start' },
  ],
  [
    'asleep',
    { ...session, versionPending: true, sandboxPhase: 'none', messageWaits: true },
    none,
    { do: 'take_version' },
  ],
  [
    'while it starts with the old one',
    { ...session, versionPending: true, sandboxPhase: 'starting' },
    { ...none, process: 'starting' },
    { do: 'wait', until: null },
  ],
  ['in error', { ...session, versionPending: true, sandboxPhase: 'failed' }, none, { do: 'take_version' }],
  [
    'stopped',
    { ...session, versionPending: true, intent: 'stopped', sandboxPhase: 'none' },
    none,
    { do: 'take_version' },
  ],
  [
    'stop comes before it',
    { ...session, versionPending: true, intent: 'stopped' },
    live,
    { do: 'close', reason: 'stop_requested' },
  ],
  [
    'a restart takes it on the way',
    { ...session, versionPending: true, operation: 'restart', sandboxPhase: 'none' },
    none,
    { do: 'take_version' },
  ],
  [
    'what is deleted takes none',
    { ...session, versionPending: true, intent: 'archived', sandboxPhase: 'none' },
    none,
    { do: 'purge' },
  ],
  // sleep
  ['idle for long enough', session, { ...live, leave: 'idle_timeout' }, { do: 'close', reason: 'idle_timeout' }],
  [
    'a message came first',
    { ...session, messageWaits: true },
    { ...live, leave: 'idle_timeout' },
    { do: 'begin_turn' },
  ],
  [
    'also when others want its place',
    { ...session, messageWaits: true },
    { ...live, leave: 'slot_needed' },
    { do: 'begin_turn' },
  ],
  [
    'unless they have waited for long',
    { ...session, messageWaits: true },
    { ...live, leave: 'slot_needed', yields: true },
    { do: 'close', reason: 'slot_needed' },
  ],
  [
    'but never in a turn',
    { ...running, messageWaits: true },
    { ...driven, leave: 'slot_needed', yields: true },
    { do: 'wait', until: NOW + 60_000 },
  ],
  [
    'nor while it comes up',
    { ...session, sandboxPhase: 'starting', messageWaits: true },
    { ...live, process: 'starting', leave: 'slot_needed', yields: true },
    { do: 'wait', until: null },
  ],
  [
    'a start was asked for meanwhile',
    { ...session, operation: 'start' },
    { ...live, leave: 'idle_timeout' },
    { do: 'operation_done' },
  ],
  [
    'a message came while it fell asleep',
    { ...session, sandboxPhase: 'none', messageWaits: true },
    { ...none, leave: 'idle_timeout' },
    { do: 'start' },
  ],
  [
    'who slept for others queues behind them',
    { ...session, sandboxPhase: 'none', messageWaits: true },
    { ...none, leave: 'slot_needed' },
    { do: 'release' },
  ],
  [
    'asleep nobody owns it',
    { ...session, sandboxPhase: 'none' },
    { ...none, leave: 'idle_timeout' },
    { do: 'release' },
  ],
  ['memory is short', session, { ...live, leave: 'memory_short' }, { do: 'close', reason: 'memory_short' }],
  [
    'a stop is stronger than sleep',
    { ...session, intent: 'stopped' },
    { ...live, leave: 'idle_timeout' },
    { do: 'close', reason: 'stop_requested' },
  ],
  // a query
  ['a query begins', { ...query, sandboxPhase: 'starting', operation: 'start' }, none, { do: 'start' }],
  ['it runs', { ...query, turnStatus: 'running', messageWaits: false }, driven, { do: 'wait', until: NOW + 60_000 }],
  ['it is answered', { ...query, messageWaits: false }, live, { do: 'finish' }],
  ['its node was lost with the answer given', { ...query, messageWaits: false }, none, { do: 'finish' }],
  ['its node leaves', { ...query, messageWaits: false }, { ...live, leave: 'node_drained' }, { do: 'finish' }],
  ['it could not be begun', { ...query, sandboxPhase: 'failed' }, none, { do: 'finish' }],
  ['its node was lost in the turn', { ...query, turnStatus: 'running' }, none, { do: 'recover', reason: 'node_lost' }],
  [
    'then it is removed',
    { ...query, intent: 'archived', messageWaits: false },
    live,
    { do: 'close', reason: 'delete_requested' },
  ],
  // no process
  ['nobody needs one', { ...session, sandboxPhase: 'none' }, none, { do: 'release' }],
  ['a message wakes it', { ...session, sandboxPhase: 'none', messageWaits: true }, none, { do: 'start' }],
  ['start is asked for', { ...session, sandboxPhase: 'starting', operation: 'start' }, none, { do: 'start' }],
  ['a turn is open', { ...running, sandboxPhase: 'recovering' }, none, { do: 'start' }],
  [
    'the backoff runs',
    { ...running, sandboxPhase: 'recovering', retryAt: NOW + 5 },
    none,
    { do: 'wait', until: NOW + 5 },
  ],
  [
    'it starts',
    { ...session, sandboxPhase: 'starting' },
    { ...none, process: 'starting' },
    { do: 'wait', until: null },
  ],
  [
    'it sleeps and is told to',
    { ...session, sandboxPhase: 'none', operation: 'hibernate' },
    none,
    { do: 'settle', phase: 'none', reason: 'hibernate_requested' },
  ],
  [
    'an interrupt ends a turn that has no process',
    { ...running, sandboxPhase: 'recovering', interruptWaits: true },
    none,
    { do: 'abandon_turn', reason: 'turn_interrupted' },
  ],
  // the node before was lost
  ['an idle one sleeps', session, none, { do: 'settle', phase: 'none', reason: 'node_lost' }],
  ['one with a turn goes on', running, none, { do: 'recover', reason: 'node_lost' }],
  ['one with a message goes on', { ...session, messageWaits: true }, none, { do: 'recover', reason: 'node_lost' }],
  ['nobody blames it for its node', { ...running, losses: 9 }, none, { do: 'recover', reason: 'node_lost' }],
  // the process was lost
  ['first loss', session, { ...live, process: 'lost' }, { do: 'recover', reason: 'process_exited' }],
  ['a loss in a turn', running, { ...driven, process: 'lost' }, { do: 'recover', reason: 'process_exited' }],
  [
    'a loss that an interrupt wanted',
    running,
    { ...driven, process: 'lost', interrupted: true },
    { do: 'abandon_turn', reason: 'turn_interrupted' },
  ],
  [
    'too many losses',
    { ...running, losses: 3 },
    { ...live, process: 'lost' },
    { do: 'fail', reason: 'attempts_used_up' },
  ],
  [
    'its node must not run it',
    { ...session, sandboxPhase: 'starting' },
    { ...live, process: 'lost', lostReason: 'start_refused' },
    { do: 'fail', reason: 'start_refused' },
  ],
  ['none is allowed', session, { ...live, process: 'lost' }, { do: 'fail', reason: 'attempts_used_up' }, policy(0)],
  ['the policy says never', running, { ...driven, process: 'lost' }, GIVEN_UP, policy(3, 'never')],
  ['nor when it is idle', session, { ...live, process: 'lost' }, GIVEN_UP, policy(3, 'never')],
  ['on failure: a crash', session, { ...live, process: 'lost' }, RECOVER, policy(3, 'on-failure')],
  ['on failure: it ended in a turn', running, { ...driven, ...ENDED }, RECOVER, policy(3, 'on-failure')],
  [
    'on failure: it ended by itself',
    session,
    { ...live, ...ENDED },
    { do: 'close', reason: 'process_exited' },
    policy(3, 'on-failure'),
  ],
  ['always: it ended by itself', session, { ...live, ...ENDED }, RECOVER],
  [
    'its node was lost in a turn: never',
    running,
    none,
    { do: 'abandon_turn', reason: 'recovery_off' },
    policy(3, 'never'),
  ],
  ['its node was lost: never', session, none, { do: 'settle', phase: 'none', reason: 'node_lost' }, policy(3, 'never')],
  // a health check failed
  ['sick', session, SICK, { do: 'condemn' }],
  ['sick in a turn', running, { ...driven, ...SICK }, { do: 'condemn' }],
  ['sick while it is told to stop', { ...running, intent: 'stopped' }, { ...driven, ...SICK }, { do: 'condemn' }],
  ['sick while it is deleted', { ...session, intent: 'archived' }, SICK, { do: 'condemn' }],
  [
    'and then it is lost like any other',
    { ...running, sandboxPhase: 'unhealthy' },
    { ...SICK, process: 'lost' },
    { do: 'recover', reason: 'control_channel_timeout' },
  ],
  ['its owner died meanwhile', { ...running, sandboxPhase: 'unhealthy' }, none, { do: 'recover', reason: 'node_lost' }],
  ['in error', { ...session, sandboxPhase: 'failed', messageWaits: true }, none, { do: 'release' }],
  ['start brings it back', { ...session, sandboxPhase: 'failed', operation: 'start' }, none, { do: 'start' }],
  // stop
  ['stop', { ...session, intent: 'stopped' }, live, { do: 'close', reason: 'stop_requested' }],
  [
    'stop while it starts',
    { ...session, intent: 'stopped' },
    { ...live, process: 'starting' },
    { do: 'close', reason: 'stop_requested' },
  ],
  ['stop in a turn drains', { ...running, intent: 'stopped' }, driven, { do: 'drain' }],
  [
    'the turn gets its time',
    { ...running, intent: 'stopped' },
    { ...driven, drainingSince: NOW },
    { do: 'wait', until: NOW + 30_000 },
  ],
  [
    'and no more',
    { ...running, intent: 'stopped' },
    { ...driven, drainingSince: NOW - 30_000 },
    { do: 'interrupt', reason: 'stop_requested' },
  ],
  [
    'stopped with messages',
    { ...session, intent: 'stopped', sandboxPhase: 'none', messageWaits: true },
    none,
    { do: 'release' },
  ],
  [
    'stopped, its node was lost in a turn',
    { ...running, intent: 'stopped' },
    none,
    { do: 'abandon_turn', reason: 'stop_requested' },
  ],
  [
    'stopped, its node was lost',
    { ...session, intent: 'stopped' },
    none,
    { do: 'settle', phase: 'none', reason: 'stop_requested' },
  ],
  // restart
  ['restart', { ...session, operation: 'restart' }, live, { do: 'close', reason: 'restart_requested' }],
  ['restart starts again', { ...session, operation: 'restart', sandboxPhase: 'none' }, none, { do: 'start' }],
  ['restart in a turn drains', { ...running, operation: 'restart' }, driven, { do: 'drain' }],
  // delete outranks all
  [
    'delete',
    { ...session, intent: 'archived', operation: 'restart' },
    live,
    { do: 'close', reason: 'delete_requested' },
  ],
  ['delete without a process', { ...session, intent: 'archived', sandboxPhase: 'none' }, none, { do: 'purge' }],
  [
    'delete with an open turn',
    { ...running, intent: 'archived', sandboxPhase: 'none' },
    none,
    { do: 'abandon_turn', reason: 'delete_requested' },
  ],
  // a tool waits for a person
  ['something is asked', { ...running, asksUnlisted: 1 }, driven, { do: 'take_asks' }],
  ['it is kept for a while', waiting, asked, { do: 'wait', until: NOW + 59_000 }],
  ['however long its turn takes', waiting, { ...asked, turnDeadline: null }, { do: 'wait', until: NOW + 59_000 }],
  ['and is let go', waiting, { ...asked, waitsSince: NOW - 60_000 }, { do: 'close', reason: 'approval_waits' }],
  ['not while another tool runs', waiting, { ...asked, waitsSince: 0, busy: true }, { do: 'wait', until: null }],
  ['an answer comes', { ...waiting, asksAnswered: 1 }, asked, { do: 'take_asks' }],
  ['asleep, nothing is to be done', { ...waiting, sandboxPhase: 'none' }, none, { do: 'release' }],
  ['an answer comes in its sleep', { ...waiting, sandboxPhase: 'none', asksAnswered: 1 }, none, { do: 'take_asks' }],
  ['with the last answer it starts', { ...running, sandboxPhase: 'none' }, none, { do: 'start' }],
  ['a message does not wake it', { ...waiting, sandboxPhase: 'none', messageWaits: true }, none, { do: 'release' }],
  ['its node was lost', waiting, none, { do: 'settle', phase: 'none', reason: 'node_lost' }],
  ['its process was lost', waiting, { ...asked, process: 'lost' }, { do: 'close', reason: 'process_exited' }],
  ['its node leaves', waiting, { ...asked, leave: 'node_drained' }, { do: 'close', reason: 'node_drained' }],
  [
    'its slot is needed while another tool runs',
    waiting,
    { ...asked, leave: 'slot_needed', busy: true },
    { do: 'wait', until: null },
  ],
  ['its slot is needed', waiting, { ...asked, leave: 'slot_needed' }, { do: 'close', reason: 'slot_needed' }],
  [
    'sleep is asked for while it waits',
    { ...waiting, operation: 'hibernate' },
    asked,
    { do: 'close', reason: 'hibernate_requested' },
  ],
  [
    'start of what waits asleep',
    { ...waiting, sandboxPhase: 'starting', operation: 'start' },
    none,
    { do: 'settle', phase: 'none', reason: 'approval_waits' },
  ],
  ['restart of what waits', { ...waiting, operation: 'restart' }, asked, { do: 'close', reason: 'restart_requested' }],
  [
    'an interrupt while it waits',
    { ...waiting, interruptWaits: true },
    asked,
    { do: 'interrupt', reason: 'turn_interrupted' },
  ],
  [
    'an interrupt in its sleep',
    { ...waiting, sandboxPhase: 'none', interruptWaits: true },
    none,
    { do: 'abandon_turn', reason: 'turn_interrupted' },
  ],
  ['a stop does not wait', { ...waiting, intent: 'stopped' }, asked, { do: 'interrupt', reason: 'stop_requested' }],
  [
    'a stop in its sleep',
    { ...waiting, intent: 'stopped', sandboxPhase: 'none' },
    none,
    { do: 'abandon_turn', reason: 'stop_requested' },
  ],
  ['a delete too', { ...waiting, intent: 'archived' }, asked, { do: 'interrupt', reason: 'delete_requested' }],
  // the node leaves
  ['an idle one goes', session, { ...live, leave: 'node_drained' }, { do: 'close', reason: 'node_drained' }],
  ['a turn gets its time', running, { ...driven, leave: 'node_drained' }, { do: 'drain' }],
  [
    'and then goes on elsewhere',
    running,
    { ...driven, leave: 'node_drained', drainingSince: NOW - 30_000 },
    { do: 'close', reason: 'node_drained' },
  ],
  ['with its turn open', { ...running, sandboxPhase: 'none' }, { ...none, leave: 'node_drained' }, { do: 'release' }],
];

describe('decide', () => {
  it.each(STORIES)('%s', (_story, facts, seen, action, bounds = BOUNDS) => {
    expect(decide(facts, seen, bounds, NOW)).toEqual(action);
  });
});
