import { AGENT_TYPE_NAMES } from '@aaas/contract/agent-config';
import { Query } from '@aaas/contract/query-api';
import { z } from 'zod';
import { listQueries as findQueries } from '../../../../sessions/queries/find-query.ts';
import type { Api, App } from '../../../api.ts';
import { idCursor, pageLimit } from '../paging.ts';
import { problems } from '../problems.ts';
import { keepSince } from './keep-since.ts';
import { presentQuery } from './present-query.ts';

export function listQueries(app: App, api: Api): void {
  app.get(
    '/api/v1/query',
    {
      config: { operation: 'query.list', scope: 'agents:read' },
      schema: {
        tags: ['query'],
        summary: 'List queries whose answers are kept, newest first',
        querystring: z.object({
          agent_type: z.enum(AGENT_TYPE_NAMES).optional(),
          limit: pageLimit,
          cursor: idCursor.optional(),
        }),
        response: { 200: z.object({ data: z.array(Query), next_cursor: z.string().nullable() }), ...problems },
      },
    },
    async (request) => {
      const { agent_type: agentType, limit, cursor } = request.query;
      const { workspaceId } = request.principal;
      const page = { agentType, after: cursor, limit: limit + 1 };
      const found = await findQueries(api.ctx.pool, workspaceId, keepSince(api), page);
      const shown = found.slice(0, limit);
      return {
        data: shown.map((query) => presentQuery(query)),
        next_cursor: found.length > limit ? (shown.at(-1)?.id ?? null) : null,
      };
    },
  );
}
