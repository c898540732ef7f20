import { AGENT_TYPE_NAMES } from '@aaas/contract/agent-config';
import { Agent, StatusName } from '@aaas/contract/operations-api';
import { z } from 'zod';
import { listAgents as findAgents } from '../../../../agents/find-agents.ts';
import type { Api, App } from '../../../api.ts';
import { idCursor, pageLimit } from '../paging.ts';
import { problems } from '../problems.ts';
import { presentAgent } from './present.ts';

export function listAgents(app: App, api: Api): void {
  app.get(
    '/api/v1/agents',
    {
      config: { operation: 'agents.list', scope: 'agents:read' },
      schema: {
        tags: ['agents'],
        summary: 'List agents, newest first',
        querystring: z.object({
          status: StatusName.optional(),
          agent_type: z.enum(AGENT_TYPE_NAMES).optional(),
          limit: pageLimit,
          cursor: idCursor.optional(),
        }),
        response: { 200: z.object({ data: z.array(Agent), next_cursor: z.string().nullable() }), ...problems },
      },
    },
    async (request) => {
      const { status, agent_type: agentType, limit, cursor } = request.query;
      const found = await findAgents(api.ctx.pool, request.principal.workspaceId, {
        status,
        agentType,
        after: cursor,
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      return { data: page.map(presentAgent), next_cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );
}
