import { type ConversationId, eitherOf } from '../conversation-address.ts';
import type { Schema } from '../operations/operation-types.ts';
import type { Operations } from '../operations/operations.ts';
import type { Transport } from '../transport/transport.ts';
import { type MessageOptions, messageCall, type StreamOptions, type TurnEvent } from './message.ts';
import { sendMessage } from './send-message.ts';
import { streamMessage } from './stream-message.ts';

/** Messages to an agent or a session. Each has an Idempotency-Key: a retry never says a thing twice. */
export function messages(transport: Transport, { list }: Operations) {
  return {
    /** Waits for the answer. */
    send: (id: ConversationId, message: string, options: MessageOptions = {}): Promise<Schema<'MessageResponse'>> =>
      sendMessage(transport, id, message, options),

    /** Waits until the message is in the inbox; `turns.wait` gives the answer later. */
    sendAsync: (id: ConversationId, message: string, options: MessageOptions = {}): Promise<Schema<'TurnAccepted'>> => {
      const call = messageCall(id, message, options);
      return transport.json({ ...call, headers: { ...call.headers, prefer: 'respond-async' } }, 'quick');
    },

    /** The turn as it happens. */
    stream: (id: ConversationId, message: string, options: StreamOptions = {}): AsyncGenerator<TurnEvent> =>
      streamMessage(transport, id, message, options),

    /** Messages and their answers, oldest first. */
    list: eitherOf(list('/api/v1/agents/{agent_id}/messages'), list('/api/v1/sessions/{session_id}/messages')),
  };
}
