import { Approval, ApprovalStatusName } from '@aaas/contract/approvals';
import { z } from 'zod';
import { listApprovals as findApprovals } from '../../../../sessions/approvals/find-approvals.ts';
import type { Api, App } from '../../../api.ts';
import { idCursor, pageLimit } from '../paging.ts';
import { problems } from '../problems.ts';
import { presentApproval } from './present-approval.ts';

const idText = z.string().regex(/^[A-Za-z0-9_]{1,128}$/, 'must be an id');

export function listApprovals(app: App, api: Api): void {
  app.get(
    '/api/v1/approvals',
    {
      config: { operation: 'approvals.list', scope: 'agents:read' },
      schema: {
        tags: ['approvals'],
        summary: 'List approvals, newest first',
        description: 'What agents ask, and what was answered. `?status=open` is what waits for somebody.',
        querystring: z.object({
          agent_id: idText.optional(),
          session_id: idText.optional(),
          status: ApprovalStatusName.optional(),
          limit: pageLimit,
          cursor: idCursor.optional(),
        }),
        response: { 200: z.object({ data: z.array(Approval), next_cursor: z.string().nullable() }), ...problems },
      },
    },
    async (request) => {
      const { agent_id, session_id, status, limit, cursor } = request.query;
      const found = await findApprovals(api.ctx.pool, request.principal.workspaceId, {
        agentId: agent_id ?? null,
        sessionId: session_id ?? null,
        status: status ?? null,
        after: cursor ?? null,
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      return { data: page.map(presentApproval), next_cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );
}
