import type { Tailed } from '../../../../streams/tail-log.ts';
import type { EventStream } from '../../../plugins/sse.ts';

/** Writes what a log's tail brought: an event under its sequence, and with the turn that it belongs to. */
export async function sendTailed(stream: EventStream, next: Tailed): Promise<void> {
  switch (next.kind) {
    case 'event': {
      const { seq, type, turnId, payload } = next.event;
      // The payload goes through unparsed: its fields follow ours.
      const data = `{"seq":${seq},"turn_id":${JSON.stringify(turnId)},${payload.slice(1)}`;
      return stream.send({ id: seq, event: type, data });
    }
    case 'delta':
      return stream.send({ event: next.delta.type, data: JSON.stringify({ turn_id: next.turnId, ...next.delta }) });
    case 'resync':
      return stream.send({ event: 'resync', data: JSON.stringify({ after: next.after }) });
    case 'deleted':
      return stream.send({ event: 'session.deleted', data: '{"type":"session.deleted"}' });
    case 'accepted':
      return;
  }
}
