import { Webhook } from '@aaas/contract/webhooks';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentWebhook } from './present.ts';
import { WebhookParams, webhookOf } from './webhook-params.ts';

export function getWebhook(app: App, api: Api): void {
  app.get(
    '/api/v1/webhooks/:webhook_id',
    {
      config: { operation: 'webhooks.get', scope: 'webhooks:read' },
      schema: {
        tags: ['webhooks'],
        summary: 'Get a webhook',
        params: WebhookParams,
        response: { 200: Webhook, ...problems },
      },
    },
    async (request) => presentWebhook(await webhookOf(api, request)),
  );
}
