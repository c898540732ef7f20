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
  if (sandboxPhase === 'none') return turnStatus === 'idle' ? 'hibernated' : 'starting';
  if (sandboxPhase === 'ready') return turnStatus === 'idle' ? 'idle' : 'running';
  if (sandboxPhase === 'failed') return 'error';
  return sandboxPhase;
}

/** A turn was begun and has not ended, whoever drives it. */
export function hasOpenTurn({ turnStatus }: Pick<StatusColumns, 'turnStatus'>): boolean {
  return turnStatus === 'running' || turnStatus === 'rescheduling';
}

/** The status as `/v1` names it. */
export function managedStatusOf(status: Status, turnOpen: boolean): 'idle' | 'running' | 'rescheduling' | 'terminated' {
  if (status === 'terminated') return 'terminated';
  if (!turnOpen) return 'idle';
  return status === 'unhealthy' || status === 'recovering' ? 'rescheduling' : 'running';
}
