import { z } from 'zod';
import { deleteWebhook as removeWebhook } from '../../../../webhooks/delete-webhook.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { isId, WebhookParams, webhookNotFound } from './webhook-params.ts';

export function deleteWebhook(app: App, api: Api): void {
  app.delete(
    '/api/v1/webhooks/:webhook_id',
    {
      config: { operation: 'webhooks.delete', scope: 'webhooks:write' },
      schema: {
        tags: ['webhooks'],
        summary: 'Delete a webhook',
        description: 'Nothing is sent to it any more; its deliveries are removed.',
        params: WebhookParams,
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { webhook_id: id } = request.params;
      const { workspaceId } = request.principal;
      const { pool } = api.ctx;
      const found = isId(id) && (await removeWebhook({ pool, jobs: api.jobs }, workspaceId, id));
      if (!found) throw webhookNotFound(id);
      return reply.code(204).send(null);
    },
  );
}
