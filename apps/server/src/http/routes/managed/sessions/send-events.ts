import { ApiError } from '@aaas/contract/errors';
import type { BetaManagedAgentsSendSessionEvents } from '@anthropic-ai/sdk/resources/beta/sessions/events';
import { z } from 'zod';
import { transaction } from '../../../../postgres/transaction.ts';
import { type AddedInput, addInput, type NewInput } from '../../../../sessions/inbox/add-input.ts';
import { requirePlace } from '../../../../sessions/inbox/require-place.ts';
import type { Api, App } from '../../../api.ts';
import { requireSession, SessionParams } from './session-params.ts';

const Source = z.union([
  z.object({ type: z.literal('base64'), data: z.string(), media_type: z.string() }),
  z.object({ type: z.literal('url'), url: z.url() }),
]);
const TextSource = z.object({ type: z.literal('text'), data: z.string(), media_type: z.literal('text/plain') });
const Content = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string().min(1) }),
  z.object({ type: z.literal('image'), source: Source }),
  z.object({
    type: z.literal('document'),
    source: z.union([Source, TextSource]),
    title: z.string().nullish(),
    context: z.string().nullish(),
  }),
]);

// Unknown fields of known events are let through: SDKs get new ones monthly. Unknown events are refused.
const ClientEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('user.message'), content: z.array(Content).min(1).max(100) }),
  z.object({ type: z.literal('user.interrupt') }),
]);

const SendEvents = z.object({ events: z.array(ClientEvent).min(1).max(50) });

export function sendEvents(app: App, api: Api): void {
  app.post(
    '/v1/sessions/:session_id/events',
    {
      config: { operation: 'managed.sessions.events.send', scope: 'agents:message', audit: 'batched' },
      schema: { tags: ['managed agents'], summary: 'Send events', params: SessionParams, body: SendEvents },
    },
    async (request): Promise<BetaManagedAgentsSendSessionEvents> => {
      const session = await requireSession(api, request);
      const { keyId } = request.principal;
      const inputs = request.body.events.map(({ type, ...body }): NewInput => ({ type, body, keyId }));
      if (inputs.some(({ type }) => type === 'user.message'))
        await requirePlace(api.ctx, api.line, api.settings.MAX_WAITING_AGENTS, session);
      // All or none.
      const added = await transaction(api.ctx.pool, async (db) => {
        const ids: string[] = [];
        for (const input of inputs) {
          ids.push(inputIdOf(await addInput(api.ctx, session, input, api.settings.MAX_QUEUED_MESSAGES, db)));
        }
        return ids;
      });
      const data = inputs.map((input, index) => ({
        id: added[index] as string,
        type: input.type,
        ...input.body,
        processed_at: null,
      }));
      for (const event of data) api.ctx.streams.publishAccepted(session.sessionId, event.type, JSON.stringify(event));
      api.wake(session.sessionId);
      return { data } as BetaManagedAgentsSendSessionEvents;
    },
  );
}

function inputIdOf(added: AddedInput): string {
  switch (added.kind) {
    case 'accepted':
    case 'duplicate':
      return added.inputId;
    case 'no_session':
      throw new ApiError('not_found', 'The session was not found.');
    case 'refused':
      throw new ApiError('agent_stopped', `The session is ${added.status} and takes no events. Start its agent first.`);
    case 'full':
      throw new ApiError('queue_full', `${added.waiting} events wait already. Try again later.`, {
        retryAfterSeconds: 5,
      });
  }
}
