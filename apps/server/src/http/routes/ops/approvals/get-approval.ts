import { Approval } from '@aaas/contract/approvals';
import { findApproval } from '../../../../sessions/approvals/find-approvals.ts';
import type { Api, App } from '../../../api.ts';
import { isId } from '../agents/agent-params.ts';
import { problems } from '../problems.ts';
import { ApprovalParams, approvalNotFound } from './approval-params.ts';
import { presentApproval } from './present-approval.ts';

export function getApproval(app: App, api: Api): void {
  app.get(
    '/api/v1/approvals/:approval_id',
    {
      config: { operation: 'approvals.get', scope: 'agents:read' },
      schema: {
        tags: ['approvals'],
        summary: 'Get an approval',
        params: ApprovalParams,
        response: { 200: Approval, ...problems },
      },
    },
    async (request) => {
      const { approval_id: approvalId } = request.params;
      const { workspaceId } = request.principal;
      const found = isId(approvalId) ? await findApproval(api.ctx.pool, workspaceId, approvalId) : null;
      if (!found) throw approvalNotFound(approvalId);
      return presentApproval(found);
    },
  );
}
