import { ApiError } from '@aaas/contract/errors';
import type { BetaManagedAgentsSendSessionEvents } from '@anthropic-ai/sdk/resources/beta/sessions/events';
import { z } from 'zod';
import { transaction } from '../../../../postgres/transaction.ts';
import type { ApprovalView } from '../../../../sessions/approvals/find-approvals.ts';
import { type AddedInput, addInput, type NewInput } from '../../../../sessions/inbox/add-input.ts';
import { requirePlace } from '../../../../sessions/inbox/require-place.ts';
import type { Api, App } from '../../../api.ts';
import { tellDecision } from '../../decided-otherwise.ts';
import { confirmTool } from './confirm-tool.ts';
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
  z.object({
    type: z.literal('user.tool_confirmation'),
    tool_use_id: z.string().regex(/^[A-Za-z0-9_]{1,128}$/, 'must be the id of an agent.tool_use event'),
    result: z.enum(['allow', 'deny']),
    deny_message: z
      .string()
      .max(10_000)
      .refine((text) => !text.includes('\0'), 'must not contain NUL')
      .nullish()
      .describe('Only with deny.'),
  }),
]);
type ClientEvent = z.output<typeof ClientEvent>;

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
      const { events } = request.body;
      if (events.some(({ type }) => type === 'user.message'))
        await requirePlace(api.ctx, api.line, api.settings.MAX_WAITING_AGENTS, session);
      // All or none.
      const { ids, answers } = await transaction(api.ctx.pool, async (db) => {
        const ids: string[] = [];
        const answers: ApprovalView[] = [];
        for (const [index, event] of events.entries()) {
          if (event.type === 'user.tool_confirmation') {
            const confirmed = await confirmTool(db, { ...session, keyId }, event, index, api.ctx.now());
            ids.push(confirmed.id);
            if (confirmed.fresh) answers.push(confirmed.fresh);
          } else
            ids.push(
              inputIdOf(await addInput(api.ctx, session, toInput(event, keyId), api.settings.MAX_QUEUED_MESSAGES, db)),
            );
        }
        return { ids, answers };
      });
      const data = events.map((event, index) => ({ id: ids[index] as string, ...event, processed_at: null }));
      for (const event of data) {
        // An answer is in the log at once: it waits for no turn.
        if (event.type !== 'user.tool_confirmation')
          api.ctx.streams.publishAccepted(session.sessionId, event.type, JSON.stringify(event));
      }
      for (const answer of answers) tellDecision(api, answer);
      api.wake(session.sessionId);
      return { data } as BetaManagedAgentsSendSessionEvents;
    },
  );
}

function toInput({ type, ...body }: Exclude<ClientEvent, { type: 'user.tool_confirmation' }>, keyId: string): NewInput {
  return { type, body, keyId };
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
