import type { FastifyReply } from 'fastify';
import { findTurn, hasEnded } from '../../../../sessions/turns/find-turn.ts';
import { tailLog } from '../../../../streams/tail-log.ts';
import type { Api } from '../../../api.ts';
import { openEventStream } from '../../../plugins/sse.ts';
import { presentAnswer, presentTurn } from './present.ts';

/**
 * Streams one turn: its events as they are logged (`id:` is their sequence), live text between them, and at last
 * `event: x.turn` with the turn as `GET …/turns/{id}` gives it, and the answer.
 */
export async function streamTurn(
  api: Api,
  reply: FastifyReply,
  target: { sessionId: string; agentId: string; turnId: string },
): Promise<void> {
  const { sessionId, agentId, turnId } = target;
  const stream = openEventStream(reply, api.closing);
  try {
    const known = await api.ctx.pool.query<{ after: number }>({
      name: 'turns.stream-from',
      text: `select coalesce(t.first_seq - 1, h.last_seq) as after from turns t join session_heads h using (session_id)
              where t.session_id = $1 and t.id = $2`,
      values: [sessionId, turnId],
    });
    await stream.send({ event: 'x.turn_accepted', data: JSON.stringify({ turn_id: turnId }) });
    for await (const next of tailLog(api.ctx, sessionId, known.rows[0]?.after ?? 0, stream.signal)) {
      if (next.kind === 'deleted') break;
      if (next.kind === 'resync') await stream.send({ event: 'resync', data: JSON.stringify({ after: next.after }) });
      if (next.kind === 'delta' && next.turnId === turnId) {
        await stream.send({ event: next.delta.type, data: JSON.stringify(next.delta) });
      }
      if (next.kind !== 'event' || next.event.turnId !== turnId) continue;
      const { seq, type, payload } = next.event;
      await stream.send({ id: seq, event: type, data: payload });
      if (type === 'session.status_idle') break;
    }
    const turn = await findTurn(api.ctx.pool, sessionId, turnId);
    if (turn && hasEnded(turn)) {
      const data = { turn: presentTurn(turn), ...presentAnswer(agentId, turn) };
      await stream.send({ event: 'x.turn', data: JSON.stringify(data) });
    }
  } catch (error) {
    api.ctx.log.error({ err: error, session_id: sessionId }, 'failed to stream a turn');
  } finally {
    stream.end();
  }
}
