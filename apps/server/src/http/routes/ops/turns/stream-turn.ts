import type { LoggedEvent } from '@aaas/contract/events';
import type { FastifyReply } from 'fastify';
import { findTurn, hasEnded, type TurnView } from '../../../../sessions/turns/find-turn.ts';
import { findQueuePosition } from '../../../../sessions/turns/queue-position.ts';
import { tailLog } from '../../../../streams/tail-log.ts';
import type { Api } from '../../../api.ts';
import { type EventStream, openEventStream } from '../../../plugins/sse.ts';
import { presentTurn } from './present-turn.ts';
import { sendTailed } from './send-tailed.ts';
import { tellPosition } from './tell-position.ts';

interface StreamedTurn {
  sessionId: string;
  turnId: string;
  receipt: object;
  position: number | null;
  present(turn: TurnView): object;
  findGone(): Promise<TurnView | null>;
}

/**
 * Streams one turn: its events as they are logged (`id:` is their sequence), live text between them, and at last
 * `event: x.turn` with the turn as `GET …/turns/{id}` gives it, and the answer. It begins behind `after`, if given.
 */
export async function streamTurn(
  api: Api,
  reply: FastifyReply,
  target: StreamedTurn,
  after: string | string[] | undefined,
): Promise<void> {
  const { sessionId, turnId, receipt } = target;
  const stream = openEventStream(reply, api.closing);
  try {
    const position = target.position ?? (await findQueuePosition(api.ctx.pool, sessionId, turnId));
    const data = { ...receipt, turn_id: turnId, queue_position: position };
    await stream.send({ event: 'x.turn_accepted', data: JSON.stringify(data) });
    const span = await spanOf(api, sessionId, turnId);
    const from = Math.max(span?.from ?? 0, Number(after ?? 0));
    // What the client has seen to its end has nothing left to follow.
    if (span && (span.to === null || span.to > from)) {
      await followTurn(api, stream, { ...target, position }, { from, to: span.to ?? Number.POSITIVE_INFINITY });
    }
    const turn = (await findTurn(api.ctx.pool, sessionId, turnId)) ?? (await target.findGone());
    if (turn && hasEnded(turn)) {
      const data = { turn: presentTurn(turn), ...target.present(turn) };
      await stream.send({ event: 'x.turn', data: JSON.stringify(data) });
    }
  } catch (error) {
    api.ctx.log.error({ err: error, session_id: sessionId }, 'failed to stream a turn');
  } finally {
    stream.end();
  }
}

async function followTurn(
  api: Api,
  stream: EventStream,
  { sessionId, turnId, position }: StreamedTurn,
  { from, to }: { from: number; to: number },
): Promise<void> {
  const begun = new AbortController();
  const signal = AbortSignal.any([begun.signal, stream.signal]);
  const telling = position === null ? null : tellPosition(api, stream, { sessionId, turnId }, position, signal);
  try {
    for await (const next of tailLog(api.ctx, sessionId, from, stream.signal)) {
      if (next.kind === 'deleted') return;
      if (next.kind === 'delta' && next.turnId !== turnId) continue;
      if (next.kind === 'event' && next.event.seq > to) return;
      if (next.kind === 'event' && next.event.turnId !== turnId) continue;
      begun.abort();
      await sendTailed(stream, next);
      // All of its events are gone with those before them.
      if (next.kind === 'resync' && next.after >= to) return;
      if (next.kind === 'event' && endsTurn(next.event)) return;
    }
  } finally {
    begun.abort();
    await telling;
  }
}

/** An idle in which the turn waits for a person is not its end: the stream stays open. */
function endsTurn({ type, payload }: LoggedEvent): boolean {
  return type === 'session.status_idle' && JSON.parse(payload).stop_reason?.type !== 'requires_action';
}

/** What is shown of a turn lies behind `from`, and up to its `session.status_idle` at `to` when it has ended. Null: its session is gone. */
async function spanOf(
  api: Api,
  sessionId: string,
  turnId: string,
): Promise<{ from: number; to: number | null } | null> {
  const result = await api.ctx.pool.query<{ from: number; to: number | null }>({
    name: 'turns.span',
    text: `select coalesce(t.first_seq - 1, h.last_seq) as "from", t.last_seq - 1 as "to"
             from turns t join session_heads h using (session_id) where t.session_id = $1 and t.id = $2`,
    values: [sessionId, turnId],
  });
  return result.rows[0] ?? null;
}
