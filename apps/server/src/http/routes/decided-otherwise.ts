import type { ApprovalStatus } from '@aaas/contract/approvals';
import { ApiError } from '@aaas/contract/errors';
import type { ApprovalView } from '../../sessions/approvals/find-approvals.ts';
import type { Api } from '../api.ts';

/** The error for an answer that comes too late. */
export function decidedOtherwise(status: Exclude<ApprovalStatus, 'open'>): ApiError {
  if (status === 'expired') {
    return new ApiError(
      'approval_expired',
      'Nobody answered in time: the tool was denied. Send the agent a message to have it try again.',
    );
  }
  if (status === 'cancelled') {
    return new ApiError(
      'approval_cancelled',
      'The turn has ended, or the agent has given the call up. Nothing is asked any more.',
    );
  }
  return new ApiError('approval_decided', `The approval was ${status} before; that stands.`);
}

/** What follows from an answer once it is committed. */
export function tellDecision(api: Api, { sessionId, status, requestedAt, decidedAt }: ApprovalView): void {
  const seconds = ((decidedAt ?? requestedAt).getTime() - requestedAt.getTime()) / 1000;
  if (status === 'allowed' || status === 'denied') api.ctx.metrics.approvalEnded(status, seconds);
  api.wake(sessionId);
}
