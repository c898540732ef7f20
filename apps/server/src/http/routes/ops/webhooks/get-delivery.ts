import { WebhookDeliveryDetail } from '@aaas/contract/webhooks';
import { findDelivery } from '../../../../webhooks/find-deliveries.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentDelivery } from './present.ts';
import { requireAnswers } from './require-answers.ts';
import { DeliveryParams, deliveryNotFound, isId, webhookOf } from './webhook-params.ts';

export function getDelivery(app: App, api: Api): void {
  app.get(
    '/api/v1/webhooks/:webhook_id/deliveries/:delivery_id',
    {
      config: { operation: 'webhooks.deliveries.get', scope: 'webhooks:read' },
      schema: {
        tags: ['webhooks'],
        summary: 'Get a delivery with what is sent',
        params: DeliveryParams,
        response: { 200: WebhookDeliveryDetail, ...problems },
      },
    },
    async (request) => {
      const { delivery_id: id } = request.params;
      const { workspaceId } = request.principal;
      const { id: webhookId } = await webhookOf(api, request);
      const delivery = isId(id) ? await findDelivery(api.ctx.pool, { workspaceId, webhookId }, id) : null;
      if (!delivery) throw deliveryNotFound(request.params);
      const payload = JSON.parse(delivery.body);
      if ('response' in payload.data) requireAnswers(request.principal);
      return { ...presentDelivery(delivery), payload };
    },
  );
}
