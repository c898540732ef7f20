import { AGENT_TYPE_NAMES } from '@aaas/contract/agent-config';
import { Agent, StatusName } from '@aaas/contract/operations-api';
import { z } from 'zod';
import { listAgents as findAgents } from '../../../../agents/find-agents.ts';
import type { Api, App } from '../../../api.ts';
import { idCursor, instant, metadataParam, order, pageLimit, queryText, several } from '../paging.ts';
import { problems } from '../problems.ts';
import { presentAgent } from './present.ts';

const Query = z.object({
  status: several(StatusName).optional(),
  agent_type: several(z.enum(AGENT_TYPE_NAMES)).optional(),
  model: several(queryText).optional(),
  name: queryText.optional().describe('The whole name.'),
  q: queryText.optional().describe('A part of the name, in any case.'),
  metadata: metadataParam.optional().describe('`key:value`, repeated for more than one pair.'),
  created_after: instant.optional(),
  created_before: instant.optional(),
  order,
  limit: pageLimit,
  cursor: idCursor.optional(),
});

export function listAgents(app: App, api: Api): void {
  app.get(
    '/api/v1/agents',
    {
      config: { operation: 'agents.list', scope: 'agents:read' },
      schema: {
        tags: ['agents'],
        summary: 'List agents, newest first',
        description:
          'Parameters with several values are repeated, or have commas between them. All conditions must hold.',
        querystring: Query,
        response: { 200: z.object({ data: z.array(Agent), next_cursor: z.string().nullable() }), ...problems },
      },
    },
    async (request) => {
      const { limit, cursor, order, ...asked } = request.query;
      const found = await findAgents(
        api.ctx.pool,
        request.principal.workspaceId,
        {
          status: asked.status,
          agentType: asked.agent_type,
          model: asked.model,
          name: asked.name,
          nameContains: asked.q,
          metadata: asked.metadata,
          createdAfter: asked.created_after,
          createdBefore: asked.created_before,
        },
        { order, after: cursor, limit: limit + 1 },
      );
      const page = found.slice(0, limit);
      return { data: page.map(presentAgent), next_cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );
}
