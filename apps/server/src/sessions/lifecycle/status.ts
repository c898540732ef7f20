import type { Intent, SandboxPhase, Status, TurnStatus } from '@aaas/contract/lifecycle';

/** The three columns, each with its own writer: the API, the log, the reconciler. */
export interface StatusColumns {
  intent: Intent;
  turnStatus: TurnStatus;
  sandboxPhase: SandboxPhase;
}

/** The status that people see. `session_status` in the database is the same function; a test compares the two. */
export function statusOf({ intent, turnStatus, sandboxPhase }: StatusColumns): Status {
  if (turnStatus === 'terminated') return 'terminated';
  const hasSandbox = sandboxPhase !== 'none' && sandboxPhase !== 'failed';
  if (intent === 'archived') return hasSandbox ? 'draining' : 'terminated';
  if (intent === 'stopped') return hasSandbox ? 'draining' : 'stopped';
  const quiet = turnStatus === 'idle' || turnStatus === 'waiting';
  if (sandboxPhase === 'none') return quiet ? 'hibernated' : 'starting';
  if (sandboxPhase === 'ready') return quiet ? 'idle' : 'running';
  if (sandboxPhase === 'failed') return 'error';
  return sandboxPhase;
}

/** A turn was begun and has not ended, whoever drives it. */
export function hasOpenTurn({ turnStatus }: Pick<StatusColumns, 'turnStatus'>): boolean {
  return turnStatus === 'running' || turnStatus === 'waiting' || turnStatus === 'rescheduling';
}

/** The open turn waits for a person: nothing of it runs, and no limit on its time holds. */
export function waitsForApproval({ turnStatus }: Pick<StatusColumns, 'turnStatus'>): boolean {
  return turnStatus === 'waiting';
}

/** The status as `/v1` names it. `turnWorks`: a turn is open and waits for nobody. */
export function managedStatusOf(
  status: Status,
  turnWorks: boolean,
): 'idle' | 'running' | 'rescheduling' | 'terminated' {
  if (status === 'terminated') return 'terminated';
  if (!turnWorks) return 'idle';
  return status === 'unhealthy' || status === 'recovering' ? 'rescheduling' : 'running';
}
