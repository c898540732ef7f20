import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';
import { findWebhook } from '../../../../webhooks/find-webhooks.ts';
import type { WebhookView } from '../../../../webhooks/webhook.ts';
import type { Api } from '../../../api.ts';

// Anything else cannot be an id, and some of it (a NUL) must not reach the database.
const id = z.string().max(128);
const ID = /^[A-Za-z0-9_]{1,128}$/;

export const WebhookParams = z.object({ webhook_id: id });
export const DeliveryParams = z.object({ webhook_id: id, delivery_id: id });

interface WebhookRequest {
  principal: { workspaceId: string };
  params: { webhook_id: string };
}

/** The webhook of a path. @throws not_found, also for another tenant's. */
export async function webhookOf(api: Api, { principal, params }: WebhookRequest): Promise<WebhookView> {
  const found = isId(params.webhook_id)
    ? await findWebhook(api.ctx.pool, principal.workspaceId, params.webhook_id)
    : null;
  if (!found) throw webhookNotFound(params.webhook_id);
  return found;
}

/** Where something is to be sent. @throws webhook_disabled */
export function requireEnabled(webhook: WebhookView): void {
  if (webhook.enabled) return;
  throw new ApiError('webhook_disabled', `The webhook ${webhook.id} is disabled. Set enabled to true first.`);
}

export function isId(text: string): boolean {
  return ID.test(text);
}

export function webhookNotFound(webhookId: string): ApiError {
  return new ApiError(
    'not_found',
    `There is no webhook ${webhookId.slice(0, 128)}. GET /api/v1/webhooks lists those there are.`,
  );
}

export function deliveryNotFound({ webhook_id, delivery_id }: z.infer<typeof DeliveryParams>): ApiError {
  return new ApiError(
    'not_found',
    `There is no delivery ${delivery_id.slice(0, 128)}. GET /api/v1/webhooks/${webhook_id.slice(0, 128)}/deliveries lists those there are.`,
  );
}
