import { createHash } from 'node:crypto';
import { ApiError } from '@aaas/contract/errors';
import { MessageResponse, SendMessageRequest, TurnAccepted } from '@aaas/contract/operations-api';
import { z } from 'zod';
import { type AddedInput, addInput } from '../../../../sessions/inbox/add-input.ts';
import { requirePlace } from '../../../../sessions/inbox/require-place.ts';
import type { TurnView } from '../../../../sessions/turns/find-turn.ts';
import { messageContent } from '../../../../sessions/turns/message-content.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import {
  recalledSessionOf,
  SESSION_ADDRESSES,
  type SessionTarget,
  targetNotFound,
} from '../sessions/session-target.ts';
import { presentAnswer } from '../turns/present-turn.ts';
import { replyHeaders, replyWithTurn } from '../turns/reply-with-turn.ts';

const MessageHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional()
    .describe('A retry with the same key attaches to the same turn.'),
  ...replyHeaders,
});

export function sendMessage(app: App, api: Api): void {
  for (const { base, noun, params } of SESSION_ADDRESSES) {
    app.post(
      `${base}/messages`,
      {
        config: { operation: `${noun}.messages.send`, scope: 'agents:message', idempotency: 'own', audit: 'batched' },
        schema: {
          tags: ['messages'],
          summary: 'Send a message and get its answer',
          description:
            'One message is one turn; a busy agent takes them in order. `Accept: text/event-stream` streams the turn. 202 when it runs longer than `Prefer: wait`, when a tool waits for an approval (`approvals`), or with `Prefer: respond-async`.',
          params,
          headers: MessageHeaders,
          body: SendMessageRequest,
          response: { 200: MessageResponse, 202: TurnAccepted, ...problems },
        },
      },
      async (request, reply) => {
        const session = await recalledSessionOf(api, request);
        const { agentId, sessionId } = session;
        const key = request.headers['idempotency-key'];
        await requirePlace(api.ctx, api.line, api.settings.MAX_WAITING_AGENTS, { ...session, idempotencyKey: key });
        const added = await addInput(
          api.ctx,
          session,
          {
            type: 'user.message',
            body: { content: messageContent(request.body.message, request.body.context) },
            keyId: request.principal.keyId,
            ...(key === undefined ? {} : { idempotencyKey: key, requestHash: hashOf(request.body) }),
          },
          api.settings.MAX_QUEUED_MESSAGES,
        );
        const turnId = turnOf(added, session, key === undefined ? null : hashOf(request.body));
        return replyWithTurn(api, request, reply, {
          sessionId,
          turnId,
          isNew: added.kind === 'accepted',
          position: positionOf(api, added, sessionId),
          endpoint: `${session.endpoint}/turns/${turnId}`,
          receipt: {},
          present: (turn) => ({ agent_id: agentId, session_id: sessionId, ...presentAnswer(turn) }),
          findGone: async () => null,
          stranded,
        });
      },
    );
  }
}

/** Where a message stands that was accepted just now, when that is known without asking. */
function positionOf(api: Api, added: AddedInput, sessionId: string): number | null {
  return added.kind === 'accepted' && (api.line.length === 0 || api.owns(sessionId)) ? added.waiting : null;
}

/** The turn of an accepted message, or the error that says why it was not accepted. */
function turnOf(added: AddedInput, session: SessionTarget, requestHash: string | null): string {
  switch (added.kind) {
    case 'no_session':
      throw targetNotFound(session);
    case 'refused':
      throw added.status === 'error'
        ? new ApiError(
            'agent_failed',
            'The agent could not be kept running. Mend the cause (GET it: status_detail), then start it.',
          )
        : new ApiError('agent_stopped', 'The agent is stopped. Start it: POST …/start; then send again.');
    case 'full':
      throw new ApiError('queue_full', `${added.waiting} messages wait for this agent already. Try again later.`, {
        retryAfterSeconds: 5,
      });
    case 'duplicate':
      if (added.requestHash !== requestHash || !added.turnId) {
        throw new ApiError('idempotency_mismatch', 'This Idempotency-Key came with another message. Use a new key.');
      }
      return added.turnId;
    case 'accepted':
      return added.turnId as string;
  }
}

function stranded(turn: TurnView): ApiError {
  const code = turn.sessionStatus === 'error' ? 'agent_failed' : 'agent_stopped';
  return new ApiError(
    code,
    `The agent is ${turn.sessionStatus}; the message waits as ${turn.id} and runs when it is started.`,
  );
}

function hashOf(body: z.output<typeof SendMessageRequest>): string {
  return createHash('sha256')
    .update(JSON.stringify([body.message, body.context ?? null]))
    .digest('hex');
}
