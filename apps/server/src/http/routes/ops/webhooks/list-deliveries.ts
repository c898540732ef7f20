import { DELIVERY_STATES, WebhookDelivery } from '@aaas/contract/webhooks';
import { z } from 'zod';
import { listDeliveries as findDeliveries } from '../../../../webhooks/find-deliveries.ts';
import type { Api, App } from '../../../api.ts';
import { idCursor, pageLimit } from '../paging.ts';
import { problems } from '../problems.ts';
import { presentDelivery } from './present.ts';
import { WebhookParams, webhookOf } from './webhook-params.ts';

export function listDeliveries(app: App, api: Api): void {
  app.get(
    '/api/v1/webhooks/:webhook_id/deliveries',
    {
      config: { operation: 'webhooks.deliveries.list', scope: 'webhooks:read' },
      schema: {
        tags: ['webhooks'],
        summary: 'List deliveries of a webhook, newest first',
        params: WebhookParams,
        querystring: z.object({
          state: z.enum(DELIVERY_STATES).optional(),
          type: z
            .string()
            .regex(/^[a-z_.]{1,64}$/, 'must be the name of an event')
            .optional()
            .describe('Of this event only.'),
          limit: pageLimit,
          cursor: idCursor.optional(),
        }),
        response: {
          200: z.object({ data: z.array(WebhookDelivery), next_cursor: z.string().nullable() }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { state, type, limit, cursor } = request.query;
      const { workspaceId } = request.principal;
      const { id: webhookId } = await webhookOf(api, request);
      const found = await findDeliveries(
        api.ctx.pool,
        { workspaceId, webhookId },
        { state, type, after: cursor, limit: limit + 1 },
      );
      const page = found.slice(0, limit);
      return { data: page.map(presentDelivery), next_cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );
}
