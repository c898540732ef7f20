import type { StatusReason } from '@aaas/contract/lifecycle';
import type { StartReport } from '@aaas/contract/starts';
import type { StartDelay } from '../../sandboxes/spawn/start-gate.ts';
import { draftEvent } from '../log/draft-event.ts';
import { adoptVersion, loadNextDefinition, needsNewProcess } from '../versions/adopt-version.ts';
import { clearOperation } from './clear-operation.ts';
import type { SessionRow } from './load-session.ts';
import type { RunnerParts } from './runner-parts.ts';
import { hasOpenTurn } from './status.ts';
import { transition } from './transition.ts';

/** Starts the process of a session, and takes over the turn that the last one left open. */
export async function startSandbox({ ctx, owned, row, turns, sandbox }: RunnerParts): Promise<void> {
  const session = row();
  const recovers = session.sandboxPhase === 'recovering';
  // Whoever asked for the start has said so in the log already.
  if (session.sandboxPhase === 'starting') await clearOperation(ctx, owned, session.operation);
  else {
    const operationDone = session.operation;
    const reason = startReason(session);
    await transition(ctx, owned, session, { sandboxPhase: 'starting', pid: null, operationDone }, { reason });
  }
  const interrupted = hasOpenTurn(session) ? await turns.reopen(sandbox.takeCause()) : null;
  sandbox.start(session, interrupted, recovers ? 'recovery' : 'wanted');
}

/** Its start has to wait, and it says for what. */
export async function onQueued({ ctx, owned, row }: RunnerParts, why: StartDelay): Promise<void> {
  const nextAction = why === 'memory' ? 'it starts when there is memory' : 'it starts when another start is done';
  const reason = why === 'memory' ? 'memory_short' : 'start_queued';
  await transition(ctx, owned, row(), {}, { reason, nextAction });
}

/** The process has answered its first probe. */
export async function onReady({ ctx, owned, row, turns }: RunnerParts, start: StartReport): Promise<void> {
  const why = { reason: 'probe_answered', start } as const;
  if (!hasOpenTurn(row())) {
    await transition(ctx, owned, row(), { sandboxPhase: 'ready' }, why);
    return;
  }
  // With the last answer to what it asked it runs already.
  const running = row().turnStatus === 'running' ? [] : [draftEvent('session.status_running')];
  await transition(ctx, owned, row(), { sandboxPhase: 'ready', turnStatus: 'running' }, why, running, turns.turnId);
}

/**
 * Takes the version that was pinned. A process that cannot serve it is replaced: the new one goes on with the same
 * conversation in the same directory. Whatever fails on the way, the row says that a process is to start, or that a
 * version is still to be taken, and never that an old process works with a new version.
 */
export async function takeNextVersion({ ctx, owned, row, turns, sandbox }: RunnerParts): Promise<void> {
  const session = row();
  const definition = await loadNextDefinition(ctx, session);
  if (sandbox.state !== 'none' && needsNewProcess(session.definition, definition)) {
    turns.detach();
    await sandbox.close();
    await transition(ctx, owned, session, { sandboxPhase: 'starting', pid: null }, { reason: 'version_changed' });
  }
  if (!(await adoptVersion(ctx, owned, session, definition))) return;
  // Replaced just now, or by a try before this one. A start that somebody asked for is carried out as such.
  const replaced = session.sandboxPhase === 'starting' && session.operation === null && session.intent === 'active';
  if (replaced && sandbox.state === 'none') sandbox.start(session, null, 'wanted');
}

function startReason({ operation, sandboxPhase }: SessionRow): StatusReason {
  if (operation === 'restart') return 'restart_requested';
  if (operation === 'start') return 'start_requested';
  return sandboxPhase === 'recovering' ? 'recovery_started' : 'message_received';
}
