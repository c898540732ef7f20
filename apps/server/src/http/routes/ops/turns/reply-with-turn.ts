import { ApiError } from '@aaas/contract/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { hasEnded, isStranded, type TurnView, waitsForAnswer } from '../../../../sessions/turns/find-turn.ts';
import { findQueuePosition } from '../../../../sessions/turns/queue-position.ts';
import { waitForTurn } from '../../../../sessions/turns/wait-for-turn.ts';
import type { Api } from '../../../api.ts';
import { parsePrefer } from '../../../prefer.ts';
import { sequence } from '../paging.ts';
import { streamTurn } from './stream-turn.ts';

/** Headers that say how an answer is wanted. */
export const replyHeaders = {
  prefer: z.string().optional().describe('`respond-async`, or `wait=<seconds>` (300).'),
  'last-event-id': sequence
    .optional()
    .describe('With `Accept: text/event-stream`: the stream goes on behind this event of the same turn.'),
};

/** A turn that was accepted, and how it is spoken of. */
export interface AcceptedTurn<Answer extends object> {
  sessionId: string;
  turnId: string;
  /** Accepted just now: nobody has been woken for it yet. */
  isNew: boolean;
  /** Where it stands in the queue; null: to be looked up. */
  position: number | null;
  /** Where the turn is found later, relative to the server. */
  endpoint: string;
  /** Goes with a 202. */
  receipt: object;
  present(turn: TurnView): Answer;
  /** The turn when its session is gone; null: it went with it. */
  findGone(): Promise<TurnView | null>;
  /** The error for a turn that nobody will begin as things stand. */
  stranded(turn: TurnView): ApiError;
}

/**
 * Wakes the owner and answers with the end of the turn, with a stream of it, or with 202, whichever the request
 * prefers or its patience allows. @returns the body of a 200, or the reply when it was sent.
 * @throws turn_failed, budget_exceeded
 */
export async function replyWithTurn<Answer extends object>(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  accepted: AcceptedTurn<Answer>,
): Promise<Answer | FastifyReply> {
  const { sessionId, turnId, endpoint } = accepted;
  const prefer = parsePrefer(request.headers.prefer as string | undefined);
  if (request.headers.accept?.includes('text/event-stream')) {
    api.wake(sessionId);
    await streamTurn(api, reply, accepted, request.headers['last-event-id']);
    return reply;
  }
  const ended = prefer.async ? null : waitWhileAsked(api, reply.raw, accepted, prefer.waitSeconds);
  // After we listen: the end of a quick turn must not pass unheard.
  api.wake(sessionId);
  const turn = prefer.async ? null : ((await ended) ?? (await accepted.findGone()));
  if (turn && isStranded(turn)) throw accepted.stranded(turn);
  if (!turn || !hasEnded(turn)) {
    const known = prefer.async ? accepted.position : null;
    const queue_position = known ?? (await findQueuePosition(api.ctx.pool, sessionId, turnId));
    const asks = turn && waitsForAnswer(turn) ? { approvals: turn.approvals } : {};
    const body = {
      ...accepted.receipt,
      turn_id: turnId,
      state: turn?.state ?? 'queued',
      endpoint,
      queue_position,
      ...asks,
    };
    return reply.code(202).header('location', endpoint).send(body);
  }
  if (turn.state === 'failed') throw turnFailed(turn);
  return accepted.present(turn);
}

function turnFailed(turn: TurnView): ApiError {
  if (turn.error?.type === 'budget_exceeded') return new ApiError('budget_exceeded', turn.error.message);
  return new ApiError('turn_failed', `Turn ${turn.id} failed: ${turn.error?.message ?? turn.stopReason}`);
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
