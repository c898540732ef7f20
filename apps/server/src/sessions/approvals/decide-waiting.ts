import type { StatusReason } from '@aaas/contract/lifecycle';
import type { Action, Bounds, Observed, SessionFacts } from '../lifecycle/decide.ts';
import { hasOpenTurn, waitsForApproval } from '../lifecycle/status.ts';

/** The log does not yet say what is asked, or what was answered. */
export function asksToTake(session: SessionFacts, seen: Observed): boolean {
  if (!hasOpenTurn(session) || session.intent !== 'active' || seen.interrupted) return false;
  return session.asksUnlisted > 0 || session.asksAnswered > 0;
}

/**
 * What the owner does with a session that waits for a person. Its process is kept for a while and then let go: the ask
 * is a row, and the answer wakes the session. Null: it is as with any other session. Pure.
 */
export function decideWaiting(
  session: SessionFacts,
  seen: Observed,
  bounds: Bounds,
  now: number,
  leaving: StatusReason | null,
): Action | null {
  if (!waitsForApproval(session)) return null;
  const active = session.intent === 'active';
  switch (seen.process) {
    case 'starting':
    case 'sick':
      return null;
    case 'live': {
      if (seen.interrupted || seen.busy || (session.sandboxPhase === 'draining' && !leaving)) return null;
      if (!seen.turnDriven) return active ? { do: 'close', reason: leaving ?? 'approval_waits' } : null;
      if (!active && leaving) return { do: 'interrupt', reason: leaving };
      if (session.interruptWaits) return { do: 'interrupt', reason: 'turn_interrupted' };
      if (leaving) return { do: 'close', reason: leaving };
      if (session.operation === 'hibernate') return { do: 'close', reason: 'hibernate_requested' };
      if (session.operation === 'start') return { do: 'operation_done' };
      const until = (seen.waitsSince ?? now) + bounds.approvalHoldMs;
      return until <= now ? { do: 'close', reason: 'approval_waits' } : { do: 'wait', until };
    }
    case 'lost':
      // No recovery: nothing ran that could be gone on with.
      return active && !seen.interrupted ? { do: 'close', reason: seen.lostReason } : null;
    case 'none': {
      if (!active || (session.interruptWaits && !seen.leave)) return null;
      const settled = session.sandboxPhase === 'none' && session.operation === null;
      if (settled) return { do: 'release' };
      const orphaned = session.operation === null && leaving === null;
      return { do: 'settle', phase: 'none', reason: orphaned ? 'node_lost' : (leaving ?? 'approval_waits') };
    }
  }
}
