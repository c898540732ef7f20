import { Approval, DecideApprovalRequest } from '@aaas/contract/approvals';
import { transaction } from '../../../../postgres/transaction.ts';
import { resolveAsk } from '../../../../sessions/approvals/resolve-ask.ts';
import type { Api, App } from '../../../api.ts';
import { decidedOtherwise, tellDecision } from '../../decided-otherwise.ts';
import { isId } from '../agents/agent-params.ts';
import { problems } from '../problems.ts';
import { ApprovalParams, approvalNotFound } from './approval-params.ts';
import { presentApproval } from './present-approval.ts';

export function decideApproval(app: App, api: Api): void {
  app.post(
    '/api/v1/approvals/:approval_id',
    {
      config: { operation: 'approvals.decide', scope: 'agents:message' },
      schema: {
        tags: ['approvals'],
        summary: 'Allow or deny what an agent asks',
        description:
          'The same decision again changes nothing; another one is 409, and 410 when the approval has expired. An agent that sleeps meanwhile is woken by the last answer it waits for.',
        params: ApprovalParams,
        body: DecideApprovalRequest,
        response: { 200: Approval, ...problems },
      },
    },
    async (request) => {
      const { workspaceId, keyId } = request.principal;
      const { approval_id: id } = request.params;
      const { decision, message = null } = request.body;
      if (!isId(id)) throw approvalNotFound(id);
      const resolved = await transaction(api.ctx.pool, (db) =>
        resolveAsk(db, { workspaceId, id }, { decision, message, keyId }, api.ctx.now()),
      );
      if (resolved.kind === 'no_approval') throw approvalNotFound(id);
      if (resolved.kind === 'otherwise') throw decidedOtherwise(resolved.status);
      if (resolved.kind === 'decided') tellDecision(api, resolved.approval);
      return presentApproval(resolved.approval);
    },
  );
}
