import { CreatedWebhook, RotateSecretRequest } from '@aaas/contract/webhooks';
import { z } from 'zod';
import { rotateSecret as rotate } from '../../../../webhooks/rotate-secret.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentWebhook } from './present.ts';
import { isId, WebhookParams, webhookNotFound } from './webhook-params.ts';

export function rotateSecret(app: App, api: Api): void {
  app.post(
    '/api/v1/webhooks/:webhook_id/rotate-secret',
    {
      config: { operation: 'webhooks.rotate-secret', scope: 'webhooks:write' },
      schema: {
        tags: ['webhooks'],
        summary: 'Give a webhook a new secret',
        description: 'Both secrets sign while they overlap. The new one is shown this once.',
        params: WebhookParams,
        body: z.preprocess((body) => body ?? {}, RotateSecretRequest),
        response: { 200: CreatedWebhook, ...problems },
      },
    },
    async (request) => {
      const { webhook_id: id } = request.params;
      const { workspaceId } = request.principal;
      const context = { pool: api.ctx.pool, keyring: api.ctx.keyring };
      const rotated = isId(id) ? await rotate(context, workspaceId, id, request.body.overlap_seconds) : null;
      if (!rotated) throw webhookNotFound(id);
      return { ...presentWebhook(rotated.webhook), secret: rotated.secret };
    },
  );
}
