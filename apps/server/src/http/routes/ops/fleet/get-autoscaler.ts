import { Autoscaler } from '@aaas/contract/autoscaler';
import { z } from 'zod';
import { listDecisions } from '../../../../fleet/autoscaler/list-decisions.ts';
import { viewAutoscaler } from '../../../../fleet/autoscaler/view-autoscaler.ts';
import type { Api, App } from '../../../api.ts';
import { pageLimit } from '../paging.ts';
import { problems } from '../problems.ts';

export function getAutoscaler(app: App, api: Api): void {
  app.get(
    '/api/v1/fleet/autoscaler',
    {
      config: { operation: 'fleet.autoscaler.get', scope: 'platform:read' },
      schema: {
        tags: ['platform'],
        summary: 'Get the signals of auto-scaling, where it stands, and what it decided, newest first',
        querystring: z.object({
          scope: z.enum(['fleet', 'node']).optional().describe('Only decisions of the fleet, or of nodes.'),
          limit: pageLimit,
          cursor: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
        }),
        response: { 200: Autoscaler, ...problems },
      },
    },
    async (request) => {
      const { scope, limit, cursor: before } = request.query;
      const { pool } = api.ctx;
      const [view, found] = await Promise.all([
        viewAutoscaler(pool, api.settings),
        listDecisions(pool, { scope, before, limit: limit + 1 }),
      ]);
      const data = found.slice(0, limit);
      return { ...view, data, next_cursor: found.length > limit ? String(data.at(-1)?.id) : null };
    },
  );
}
