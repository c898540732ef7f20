import { createHash } from 'node:crypto';
import { ApiError } from '@aaas/contract/errors';
import { MessageResponse, SendMessageRequest, TurnAccepted } from '@aaas/contract/operations-api';
import { z } from 'zod';
import { type AddedInput, addInput } from '../../../../sessions/inbox/add-input.ts';
import { hasEnded, isStranded, type TurnView } from '../../../../sessions/turns/find-turn.ts';
import { waitForTurn } from '../../../../sessions/turns/wait-for-turn.ts';
import type { Api, App } from '../../../api.ts';
import { parsePrefer } from '../../../prefer.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, mainSessionOf } from './agent-params.ts';
import { endpointOf, presentAnswer } from './present.ts';
import { streamTurn } from './stream-turn.ts';

const MessageHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional()
    .describe('A retry with the same key attaches to the same turn.'),
  prefer: z.string().optional().describe('`respond-async`, or `wait=<seconds>` (300).'),
});

export function sendMessage(app: App, api: Api): void {
  app.post(
    '/api/v1/agents/:agent_id/messages',
    {
      config: { operation: 'agents.messages.send', scope: 'agents:message', idempotency: 'own', audit: 'batched' },
      schema: {
        tags: ['messages'],
        summary: 'Send a message and get its answer',
        description:
          'One message is one turn; a busy agent takes them in order. `Accept: text/event-stream` streams the turn. 202 when it runs longer than `Prefer: wait`, or with `Prefer: respond-async`.',
        params: AgentParams,
        headers: MessageHeaders,
        body: SendMessageRequest,
        response: { 200: MessageResponse, 202: TurnAccepted, ...problems },
      },
    },
    async (request, reply) => {
      const session = await mainSessionOf(api, request);
      const { agent_id: agentId } = request.params;
      const key = request.headers['idempotency-key'];
      const added = await addInput(
        api.ctx,
        session,
        {
          type: 'user.message',
          body: { content: contentOf(request.body) },
          keyId: request.principal.keyId,
          ...(key === undefined ? {} : { idempotencyKey: key, requestHash: hashOf(request.body) }),
        },
        api.settings.MAX_QUEUED_MESSAGES,
      );
      const turnId = turnOf(added, agentId, key === undefined ? null : hashOf(request.body));
      const prefer = parsePrefer(request.headers.prefer);
      if (request.headers.accept?.includes('text/event-stream')) {
        api.wake(session.sessionId);
        return streamTurn(api, reply, { ...session, agentId, turnId });
      }
      const isNew = added.kind === 'accepted';
      const ended = prefer.async
        ? null
        : waitWhileAsked(api, reply.raw, { ...session, turnId, isNew }, prefer.waitSeconds);
      // After we listen: the end of a quick turn must not pass unheard.
      api.wake(session.sessionId);
      const turn = await ended;
      if (turn && isStranded(turn)) throw stranded(turn);
      if (!turn || !hasEnded(turn)) {
        const endpoint = `${endpointOf(agentId)}/turns/${turnId}`;
        return reply
          .code(202)
          .header('location', endpoint)
          .send({ turn_id: turnId, state: turn?.state ?? 'queued', endpoint });
      }
      if (turn.state === 'failed') throw turnFailed(turn);
      return presentAnswer(agentId, turn);
    },
  );
}

/** The turn of an accepted message, or the error that says why it was not accepted. */
function turnOf(added: AddedInput, agentId: string, requestHash: string | null): string {
  switch (added.kind) {
    case 'no_session':
      throw agentNotFound(agentId);
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

function turnFailed(turn: TurnView): ApiError {
  if (turn.error?.type === 'budget_exceeded') return new ApiError('budget_exceeded', turn.error.message);
  return new ApiError('turn_failed', `Turn ${turn.id} failed: ${turn.error?.message ?? turn.stopReason}`);
}

function contentOf({ message, context }: z.output<typeof SendMessageRequest>) {
  const blocks = [{ type: 'text', text: message }];
  if (context) blocks.push({ type: 'text', text: `<context>\n${JSON.stringify(context, null, 2)}\n</context>` });
  return blocks;
}

function hashOf(body: z.output<typeof SendMessageRequest>): string {
  return createHash('sha256')
    .update(JSON.stringify([body.message, body.context ?? null]))
    .digest('hex');
}

/** Waits for the end of the turn, the client's patience, the client's departure or the server's, whichever is first. */
async function waitWhileAsked(
  api: Api,
  connection: NodeJS.EventEmitter,
  { sessionId, turnId, isNew }: { sessionId: string; turnId: string; isNew: boolean },
  seconds: number,
): Promise<TurnView | null> {
  const over = new AbortController();
  const stop = () => over.abort();
  const timer = setTimeout(stop, seconds * 1000);
  connection.once('close', stop);
  api.closing.addEventListener('abort', stop);
  try {
    return await waitForTurn(api.ctx, sessionId, turnId, over.signal, isNew);
  } finally {
    clearTimeout(timer);
    connection.off('close', stop);
    api.closing.removeEventListener('abort', stop);
  }
}
