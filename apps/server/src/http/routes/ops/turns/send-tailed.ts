import type { Tailed } from '../../../../streams/tail-log.ts';
import type { EventStream } from '../../../plugins/sse.ts';

/** In both APIs: says which events a reader will not get, or that live pieces were left out. */
export function resyncFrame({ after, reason }: Extract<Tailed, { kind: 'resync' }>): { event: string; data: string } {
  return { event: 'resync', data: JSON.stringify({ type: 'resync', reason, after }) };
}

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
      return stream.send(resyncFrame(next));
    case 'deleted':
      return stream.send({ event: 'session.deleted', data: '{"type":"session.deleted"}' });
    case 'accepted':
      return;
  }
}
