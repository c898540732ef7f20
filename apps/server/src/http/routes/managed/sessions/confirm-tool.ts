import { ApiError } from '@aaas/contract/errors';
import type { BetaManagedAgentsUserToolConfirmationEventParams } from '@anthropic-ai/sdk/resources/beta/sessions/events';
import type { PoolClient } from 'pg';
import type { ApprovalView } from '../../../../sessions/approvals/find-approvals.ts';
import { resolveAsk } from '../../../../sessions/approvals/resolve-ask.ts';
import { decidedOtherwise } from '../../decided-otherwise.ts';

/**
 * Answers an ask of the session. The same answer again is the first one: SDKs repeat what they are not sure of.
 * @returns the id of the answer's event; the approval when it was open until now.
 * @throws invalid_request when nothing of that id is asked, approval_decided, approval_cancelled, approval_expired
 */
export async function confirmTool(
  db: PoolClient,
  { workspaceId, sessionId, keyId }: { workspaceId: string; sessionId: string; keyId: string },
  event: Omit<BetaManagedAgentsUserToolConfirmationEventParams, 'deny_message'> & {
    deny_message?: string | null | undefined;
  },
  index: number,
  at: Date,
): Promise<{ id: string; fresh: ApprovalView | null }> {
  const { tool_use_id: id, result: decision, deny_message: message } = event;
  if (decision === 'allow' && message) {
    throw new ApiError('invalid_request', `events[${index}].deny_message: goes with deny only; leave it out.`);
  }
  const resolved = await resolveAsk(
    db,
    { workspaceId, sessionId, id },
    { decision, message: message || null, keyId },
    at,
  );
  if (resolved.kind === 'no_approval') {
    throw new ApiError(
      'invalid_request',
      `events[${index}].tool_use_id: no tool of this session with that id was asked about.`,
    );
  }
  if (resolved.kind === 'otherwise') throw decidedOtherwise(resolved.status);
  return { id: resolved.confirmationId, fresh: resolved.kind === 'decided' ? resolved.approval : null };
}
