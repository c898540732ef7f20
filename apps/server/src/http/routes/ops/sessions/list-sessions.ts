import { StatusName } from '@aaas/contract/operations-api';
import { Session } from '@aaas/contract/sessions-api';
import { z } from 'zod';
import { listSessions as findSessions } from '../../../../sessions/list-sessions.ts';
import type { Api, App } from '../../../api.ts';
import { idCursor, instant, metadataParam, order, pageLimit, several } from '../paging.ts';
import { problems } from '../problems.ts';
import { presentSession } from './present-session.ts';

const Query = z.object({
  agent_id: idCursor.optional().describe('Sessions of this agent.'),
  status: several(StatusName).optional(),
  metadata: metadataParam.optional().describe('`key:value`, repeated for more than one pair.'),
  created_after: instant.optional(),
  created_before: instant.optional(),
  order,
  limit: pageLimit,
  cursor: idCursor.optional(),
});

export function listSessions(app: App, api: Api): void {
  app.get(
    '/api/v1/sessions',
    {
      config: { operation: 'sessions.list', scope: 'agents:read' },
      schema: {
        tags: ['sessions'],
        summary: 'List sessions, newest first',
        description: 'Of all agents, their main sessions included.',
        querystring: Query,
        response: { 200: z.object({ data: z.array(Session), next_cursor: z.string().nullable() }), ...problems },
      },
    },
    async (request) => {
      const { limit, cursor, order, ...asked } = request.query;
      const { agent_id: agentId, created_after: createdAfter, created_before: createdBefore, ...rest } = asked;
      const found = await findSessions(
        api.ctx.pool,
        request.principal.workspaceId,
        { ...rest, agentId, createdAfter, createdBefore },
        { order, after: cursor, limit: limit + 1 },
      );
      const page = found.slice(0, limit);
      return { data: page.map(presentSession), next_cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );
}
