import { addressOf, type ConversationId } from '../conversation-address.ts';
import { followLog } from '../events/follow-log.ts';
import type { LogEvent, StreamEvent } from '../events/log-event.ts';
import { isLogged, toEvent } from '../events/to-event.ts';
import type { Schema } from '../operations/operation-types.ts';
import { Tries } from '../transport/patience.ts';
import { pause } from '../transport/pause.ts';
import type { Transport } from '../transport/transport.ts';
import { messageCall, type StreamOptions, type TurnEndedEvent, type TurnEvent } from './message.ts';

/**
 * Sends a message and yields its turn as it happens: `x.turn_accepted`, the events of the log with live text between
 * them, and at last `x.turn`. A cut is mended on the way. Before the turn has begun the message is sent once more
 * with its key; afterwards the agent's log is followed from behind the last event to the turn's end.
 */
export async function* streamMessage(
  transport: Transport,
  id: ConversationId,
  message: string,
  options: StreamOptions,
): AsyncGenerator<TurnEvent> {
  const call = messageCall(id, message, options);
  const tries = new Tries(transport.patience('lasting'));
  let turnId: string | null = null;
  for (;;) {
    let last: LogEvent | null = null;
    let cause: Error;
    try {
      for await (const frame of transport.frames(call)) {
        const event = toEvent<TurnEvent>(frame);
        if (!event) continue;
        if (event.type === 'x.turn_accepted') {
          if (turnId !== null) continue;
          turnId = event.turn_id;
        } else tries.reset();
        if (isLogged(event)) last = event;
        yield event;
        if (event.type === 'x.turn') return;
      }
      cause = transport.cut(new Error('the stream ended'));
    } catch (error) {
      cause = error as Error;
    }
    const delayMs = tries.delayAfter(cause);
    options.onReconnect?.({ attempt: tries.failures, delayMs, cause });
    await pause(delayMs, call.signal);
    if (turnId !== null && last !== null) {
      if (!endsTurn(last)) yield* restOfTurn(transport, id, last.seq, options);
      yield await endOfTurn(transport, id, turnId, call.signal);
      return;
    }
  }
}

// One turn runs at a time: until the first idle, everything in the log belongs to this one.
async function* restOfTurn(
  transport: Transport,
  id: ConversationId,
  after: number,
  { signal, onReconnect }: StreamOptions,
): AsyncGenerator<StreamEvent> {
  const follow = { after, ...(signal && { signal }), ...(onReconnect && { onReconnect }) };
  for await (const event of followLog(transport, id, follow)) {
    yield event;
    if (endsTurn(event)) return;
  }
}

function endsTurn(event: StreamEvent): boolean {
  return event.type === 'session.status_idle' && event.stop_reason.type !== 'requires_action';
}

/** What the server says at the end of the turn's own stream. */
async function endOfTurn(
  transport: Transport,
  id: ConversationId,
  turnId: string,
  signal: AbortSignal | undefined,
): Promise<TurnEndedEvent> {
  const path = addressOf(id);
  const [turn, owner] = await Promise.all([
    transport.json<Schema<'Turn'>>({ method: 'GET', path: `${path}/turns/${turnId}`, signal }, 'lasting'),
    transport.json<Schema<'Agent'> | Schema<'Session'>>({ method: 'GET', path, signal }, 'lasting'),
  ]);
  const ended = turn.ended_at ?? turn.accepted_at;
  return {
    type: 'x.turn',
    turn,
    agent_id: 'agent_id' in owner ? owner.agent_id : owner.id,
    session_id: 'session_id' in owner ? owner.session_id : owner.id,
    response: turn.response ?? '',
    timestamp: ended,
    metadata: {
      turn_id: turn.id,
      stop_reason: turn.stop_reason,
      messages_count: owner.messages_count,
      usage: turn.usage,
      cost_usd: turn.cost_usd,
      duration_ms: Date.parse(ended) - Date.parse(turn.accepted_at),
      model: turn.model,
    },
  };
}
