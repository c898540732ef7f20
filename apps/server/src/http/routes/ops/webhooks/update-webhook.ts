import { UpdateWebhookRequest, Webhook } from '@aaas/contract/webhooks';
import { updateWebhook as changeWebhook } from '../../../../webhooks/update-webhook.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentWebhook } from './present.ts';
import { requireAnswers } from './require-answers.ts';
import { requireAgents, requireTarget } from './require-target.ts';
import { WebhookParams, webhookNotFound, webhookOf } from './webhook-params.ts';

export function updateWebhook(app: App, api: Api): void {
  app.patch(
    '/api/v1/webhooks/:webhook_id',
    {
      config: { operation: 'webhooks.update', scope: 'webhooks:write' },
      schema: {
        tags: ['webhooks'],
        summary: 'Change a webhook',
        description:
          'What is left out stays. While it is disabled nothing is recorded for it; what waited goes on once it is enabled.',
        params: WebhookParams,
        body: UpdateWebhookRequest,
        response: { 200: Webhook, ...problems },
      },
    },
    async (request) => {
      const { workspaceId } = request.principal;
      const { id, includeResponse } = await webhookOf(api, request);
      const { url: text, ...rest } = request.body;
      if (includeResponse || rest.include_response) requireAnswers(request.principal);
      const url = text === undefined ? {} : { url: await requireTarget(api, text) };
      await requireAgents(api, workspaceId, rest.agent_ids);
      const changed = await changeWebhook(api.ctx.pool, workspaceId, id, { ...rest, ...url });
      if (!changed) throw webhookNotFound(id);
      api.wakeWebhooks();
      return presentWebhook(changed);
    },
  );
}
