import { WebhookDelivery } from '@aaas/contract/webhooks';
import { findDelivery } from '../../../../webhooks/find-deliveries.ts';
import { sendTest } from '../../../../webhooks/send-test.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentDelivery } from './present.ts';
import { requireEnabled, WebhookParams, webhookNotFound, webhookOf } from './webhook-params.ts';

export function testWebhook(app: App, api: Api): void {
  app.post(
    '/api/v1/webhooks/:webhook_id/test',
    {
      config: { operation: 'webhooks.test', scope: 'webhooks:write' },
      schema: {
        tags: ['webhooks'],
        summary: 'Send a test event',
        description: 'A webhook.test event, tried once. The delivery shows how it went.',
        params: WebhookParams,
        response: { 202: WebhookDelivery, ...problems },
      },
    },
    async (request, reply) => {
      const { workspaceId } = request.principal;
      const webhook = await webhookOf(api, request);
      requireEnabled(webhook);
      const webhookId = webhook.id;
      const deliveryId = await sendTest(api.ctx.pool, workspaceId, webhookId);
      const delivery = deliveryId && (await findDelivery(api.ctx.pool, { workspaceId, webhookId }, deliveryId));
      if (!delivery) throw webhookNotFound(webhookId);
      api.wakeWebhooks();
      return reply.code(202).send(presentDelivery(delivery));
    },
  );
}
