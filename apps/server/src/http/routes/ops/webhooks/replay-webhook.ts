import { ReplayRequest, ReplayResult } from '@aaas/contract/webhooks';
import { REPLAY_MAX, replaySince } from '../../../../webhooks/replay.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { requireEnabled, WebhookParams, webhookOf } from './webhook-params.ts';

export function replayWebhook(app: App, api: Api): void {
  app.post(
    '/api/v1/webhooks/:webhook_id/replay',
    {
      config: { operation: 'webhooks.replay', scope: 'webhooks:write' },
      schema: {
        tags: ['webhooks'],
        summary: 'Deliver again what failed since a time',
        description: 'Deliveries that are dead, or wait for another attempt, go out at once under their old ids.',
        params: WebhookParams,
        body: ReplayRequest,
        response: { 202: ReplayResult, ...problems },
      },
    },
    async (request, reply) => {
      const { workspaceId } = request.principal;
      const webhook = await webhookOf(api, request);
      requireEnabled(webhook);
      const webhookId = webhook.id;
      const since = new Date(request.body.since);
      const replayed = await replaySince(api.ctx.pool, { workspaceId, webhookId }, since);
      api.wakeWebhooks();
      return reply.code(202).send({ replayed, more: replayed === REPLAY_MAX });
    },
  );
}
