import { WebhookDelivery } from '@aaas/contract/webhooks';
import { findDelivery } from '../../../../webhooks/find-deliveries.ts';
import { replayDelivery as deliverAgain } from '../../../../webhooks/replay.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentDelivery } from './present.ts';
import { DeliveryParams, deliveryNotFound, enabledWebhookOf, isId } from './webhook-params.ts';

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
      if (!isId(id)) throw deliveryNotFound(request.params);
      const webhook = {
        workspaceId: request.principal.workspaceId,
        webhookId: (await enabledWebhookOf(api, request)).id,
      };
      await deliverAgain(api.ctx.pool, webhook, id);
      const delivery = await findDelivery(api.ctx.pool, webhook, id);
      if (!delivery) throw deliveryNotFound(request.params);
      api.wakeWebhooks();
      return reply.code(202).send(presentDelivery(delivery));
    },
  );
}
