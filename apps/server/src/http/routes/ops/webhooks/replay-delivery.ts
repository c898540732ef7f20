import { WebhookDelivery } from '@aaas/contract/webhooks';
import { findDelivery } from '../../../../webhooks/find-deliveries.ts';
import { replayDelivery as deliverAgain } from '../../../../webhooks/replay.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentDelivery } from './present.ts';
import { DeliveryParams, deliveryNotFound, isId, requireEnabled, webhookOf } from './webhook-params.ts';

export function replayDelivery(app: App, api: Api): void {
  app.post(
    '/api/v1/webhooks/:webhook_id/deliveries/:delivery_id/replay',
    {
      config: { operation: 'webhooks.deliveries.replay', scope: 'webhooks:write' },
      schema: {
        tags: ['webhooks'],
        summary: 'Deliver once more',
        description: 'At once, under its old id, whether it had been delivered or not.',
        params: DeliveryParams,
        response: { 202: WebhookDelivery, ...problems },
      },
    },
    async (request, reply) => {
      const { delivery_id: id } = request.params;
      const { pool } = api.ctx;
      const found = await webhookOf(api, request);
      const webhook = { workspaceId: request.principal.workspaceId, webhookId: found.id };
      if (!isId(id) || !(await findDelivery(pool, webhook, id))) throw deliveryNotFound(request.params);
      requireEnabled(found);
      await deliverAgain(pool, webhook, id);
      const delivery = await findDelivery(pool, webhook, id);
      if (!delivery) throw deliveryNotFound(request.params);
      api.wakeWebhooks();
      return reply.code(202).send(presentDelivery(delivery));
    },
  );
}
