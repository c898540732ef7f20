import type { Approval } from '@aaas/contract/approvals';
import type { ApprovalView } from '../../../../sessions/approvals/find-approvals.ts';

export function presentApproval(view: ApprovalView): Approval {
  return {
    id: view.id,
    agent_id: view.agentId,
    session_id: view.sessionId,
    turn_id: view.turnId,
    tool: view.tool,
    input: view.input,
    status: view.status,
    message: view.message,
    decided_by: view.decidedBy,
    requested_at: view.requestedAt.toISOString(),
    expires_at: view.expiresAt.toISOString(),
    decided_at: view.decidedAt?.toISOString() ?? null,
  };
}
