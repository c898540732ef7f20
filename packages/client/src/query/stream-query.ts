import { toEvent } from '../events/to-event.ts';
import type { Call, Transport } from '../transport/transport.ts';
import { answerOf, endOfQuery } from './ask-query.ts';
import type { QueryEvent } from './query.ts';

/** Asks, and yields what happens. After a cut it yields the end, when it comes: a query has no log to take up. */
export async function* streamQuery(transport: Transport, call: Call): AsyncGenerator<QueryEvent> {
  let queryId: string | null = null;
  try {
    for await (const frame of transport.frames(call)) {
      const event = toEvent<QueryEvent>(frame);
      if (!event) continue;
      if (event.type === 'x.turn_accepted') queryId = event.query_id;
      yield event;
      if (event.type === 'x.turn') return;
    }
  } catch (error) {
    if (queryId === null || call.signal?.aborted) throw error;
  }
  if (queryId === null) throw transport.cut(new Error('the stream ended'));
  const ended = await endOfQuery(transport, queryId, call.signal);
  yield { type: 'x.turn', turn: ended.turn, ...answerOf(ended) };
}
