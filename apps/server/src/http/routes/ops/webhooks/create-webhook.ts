import { CreatedWebhook, CreateWebhookRequest } from '@aaas/contract/webhooks';
import { createWebhook as storeWebhook } from '../../../../webhooks/create-webhook.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentWebhook } from './present.ts';
import { requireAnswers } from './require-answers.ts';
import { requireAgents, requireTarget } from './require-target.ts';

export function createWebhook(app: App, api: Api): void {
  app.post(
    '/api/v1/webhooks',
    {
      config: { operation: 'webhooks.create', scope: 'webhooks:write' },
      schema: {
        tags: ['webhooks'],
        summary: 'Create a webhook',
        description: 'The answer holds the secret that verifies its signatures. It is shown this once.',
        body: CreateWebhookRequest,
        response: { 201: CreatedWebhook, ...problems },
      },
    },
    async (request, reply) => {
      const { workspaceId } = request.principal;
      const { pool } = api.ctx;
      if (request.body.include_response) requireAnswers(request.principal);
      const url = await requireTarget(api, request.body.url);
      await requireAgents(api, workspaceId, request.body.agent_ids);
      const { webhook, secret } = await storeWebhook(
        { pool, keyring: api.ctx.keyring },
        workspaceId,
        { ...request.body, url },
        api.settings.MAX_WEBHOOKS,
      );
      return reply
        .code(201)
        .header('location', `/api/v1/webhooks/${webhook.id}`)
        .send({ ...presentWebhook(webhook), secret });
    },
  );
}
