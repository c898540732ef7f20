import type { Message, MessageResponse, TurnAccepted } from '@aaas/contract/operations-api';
import type { CallOptions } from '../client-options.ts';
import { type Page, Paged } from '../paging/paged.ts';
import type { Transport } from '../transport/transport.ts';
import { type MessageOptions, messageCall, type StreamOptions, type TurnEvent } from './message.ts';
import { sendMessage } from './send-message.ts';
import { streamMessage } from './stream-message.ts';

export interface ListMessagesOptions extends CallOptions {
  limit?: number;
}

/** Messages to an agent. Each has an Idempotency-Key: a retry never says a thing twice. */
export function messages(transport: Transport) {
  return {
    /** Waits for the answer. */
    send: (agentId: string, message: string, options: MessageOptions = {}): Promise<MessageResponse> =>
      sendMessage(transport, agentId, message, options),

    /** Waits until the message is in the inbox; `turns.get` gives the answer later. */
    sendAsync: (agentId: string, message: string, options: MessageOptions = {}): Promise<TurnAccepted> => {
      const call = messageCall(agentId, message, options);
      return transport.json({ ...call, headers: { ...call.headers, prefer: 'respond-async' } }, 'quick');
    },

    /** The turn as it happens. */
    stream: (agentId: string, message: string, options: StreamOptions = {}): AsyncGenerator<TurnEvent> =>
      streamMessage(transport, agentId, message, options),

    /** Messages and their answers, oldest first. */
    list: (agentId: string, { limit, signal }: ListMessagesOptions = {}) =>
      new Paged<Message>((cursor) => {
        const path = `/api/v1/agents/${encodeURIComponent(agentId)}/messages`;
        return transport.json<Page<Message>>({ method: 'GET', path, query: { limit, cursor }, signal }, 'quick');
      }),
  };
}
