import type { CallOptions } from '../client-options.ts';
import { addressOf, type ConversationId } from '../conversation-address.ts';
import type { Reconnect } from '../events/follow-log.ts';
import type { StreamEvent } from '../events/log-event.ts';
import type { Schema } from '../operations/operation-types.ts';
import type { Call } from '../transport/transport.ts';
import { newIdempotencyKey } from './idempotency-key.ts';

export interface MessageOptions extends CallOptions {
  /** Facts that go with the message, as JSON. */
  context?: Record<string, unknown> | undefined;
  /** Names the message: sent again with the same key it is the same message. Default: a new one. */
  idempotencyKey?: string | undefined;
}

export interface StreamOptions extends MessageOptions {
  onReconnect?: (reconnect: Reconnect) => void;
}

/** The message is in the inbox; the first thing that a stream of a turn yields. */
export interface TurnAcceptedEvent {
  type: 'x.turn_accepted';
  turn_id: string;
  /** 1: it is the next; null: it has begun. */
  queue_position: number | null;
}

/** The turn waits, and has come nearer to its beginning. Never stored. */
export interface QueuePositionEvent {
  type: 'x.queue_position';
  turn_id: string;
  queue_position: number;
}

/** The turn has ended: how it did, and its answer. The last thing that a stream of a turn yields. */
export interface TurnEndedEvent extends Schema<'MessageResponse'> {
  type: 'x.turn';
  turn: Schema<'Turn'>;
}

export type TurnEvent = TurnAcceptedEvent | QueuePositionEvent | StreamEvent | TurnEndedEvent;

/** The call that hands over a message. The same call made again hands over nothing new: its key says so. */
export function messageCall(id: ConversationId, message: string, options: MessageOptions): Call {
  const { context, idempotencyKey = newIdempotencyKey(), signal, headers } = options;
  return {
    method: 'POST',
    path: `${addressOf(id)}/messages`,
    body: { message, ...(context === undefined ? {} : { context }) },
    headers: { ...headers, 'idempotency-key': idempotencyKey },
    signal,
  };
}
