import { ApiError } from '@aaas/contract/errors';
import { Query } from '@aaas/contract/query-api';
import { z } from 'zod';
import { findQuery } from '../../../../sessions/queries/find-query.ts';
import { findQueuePosition } from '../../../../sessions/turns/queue-position.ts';
import type { Api, App } from '../../../api.ts';
import { id, isId } from '../agents/agent-params.ts';
import { problems } from '../problems.ts';
import { keepSince } from './keep-since.ts';
import { presentQuery } from './present-query.ts';

export function getQuery(app: App, api: Api): void {
  app.get(
    '/api/v1/query/:query_id',
    {
      config: { operation: 'query.get', scope: 'agents:read' },
      schema: {
        tags: ['query'],
        summary: 'Get a query and its answer',
        params: z.object({ query_id: id }),
        response: { 200: Query, ...problems },
      },
    },
    async (request) => {
      const { query_id: queryId } = request.params;
      const { workspaceId } = request.principal;
      const view = isId(queryId) ? await findQuery(api.ctx.pool, workspaceId, queryId, keepSince(api)) : null;
      if (!view) {
        throw new ApiError('not_found', `There is no query ${queryId.slice(0, 128)}. Its answer may have expired.`);
      }
      const { id: turnId, sessionId, state } = view.turn;
      return presentQuery(view, state === 'queued' ? await findQueuePosition(api.ctx.pool, sessionId, turnId) : null);
    },
  );
}
