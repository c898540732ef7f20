import { Webhook } from '@aaas/contract/webhooks';
import { z } from 'zod';
import { listWebhooks as findWebhooks } from '../../../../webhooks/find-webhooks.ts';
import type { Api, App } from '../../../api.ts';
import { idCursor, pageLimit } from '../paging.ts';
import { problems } from '../problems.ts';
import { presentWebhook } from './present.ts';

export function listWebhooks(app: App, api: Api): void {
  app.get(
    '/api/v1/webhooks',
    {
      config: { operation: 'webhooks.list', scope: 'webhooks:read' },
      schema: {
        tags: ['webhooks'],
        summary: 'List webhooks, newest first',
        querystring: z.object({ limit: pageLimit, cursor: idCursor.optional() }),
        response: { 200: z.object({ data: z.array(Webhook), next_cursor: z.string().nullable() }), ...problems },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const found = await findWebhooks(api.ctx.pool, request.principal.workspaceId, {
        after: cursor,
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      return { data: page.map(presentWebhook), next_cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );
}
