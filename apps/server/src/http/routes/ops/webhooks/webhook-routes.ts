import type { Api, App } from '../../../api.ts';
import { createWebhook } from './create-webhook.ts';
import { deleteWebhook } from './delete-webhook.ts';
import { getDelivery } from './get-delivery.ts';
import { getWebhook } from './get-webhook.ts';
import { listDeliveries } from './list-deliveries.ts';
import { listWebhooks } from './list-webhooks.ts';
import { replayDelivery } from './replay-delivery.ts';
import { replayWebhook } from './replay-webhook.ts';
import { rotateSecret } from './rotate-secret.ts';
import { testWebhook } from './test-webhook.ts';
import { updateWebhook } from './update-webhook.ts';

export function webhookRoutes(app: App, api: Api): void {
  for (const route of [createWebhook, listWebhooks, getWebhook, updateWebhook, deleteWebhook]) route(app, api);
  for (const route of [rotateSecret, testWebhook, replayWebhook]) route(app, api);
  for (const route of [listDeliveries, getDelivery, replayDelivery]) route(app, api);
}
