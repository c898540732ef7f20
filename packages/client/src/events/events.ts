import { type ConversationId, eitherOf } from '../conversation-address.ts';
import type { Operations } from '../operations/operations.ts';
import type { Paged } from '../paging/paged.ts';
import type { Transport } from '../transport/transport.ts';
import { type FollowOptions, followLog } from './follow-log.ts';
import type { LogEvent, StreamEvent } from './log-event.ts';

/** The log of an agent or a session. */
export function events(transport: Transport, { list }: Operations) {
  const listEvents = eitherOf(list('/api/v1/agents/{agent_id}/events'), list('/api/v1/sessions/{session_id}/events'));
  return {
    /** Oldest first. The document knows entries in general, `LogEvent` each of them. */
    list: (...args: Parameters<typeof listEvents>) => listEvents(...args) as unknown as Paged<LogEvent>,

    /** What happens, as it happens. Goes on by itself after a cut. */
    stream: (id: ConversationId, options: FollowOptions = {}): AsyncGenerator<StreamEvent> =>
      followLog(transport, id, options),

    /** Its states, with reasons, oldest first. */
    timeline: eitherOf(list('/api/v1/agents/{agent_id}/timeline'), list('/api/v1/sessions/{session_id}/timeline')),
  };
}
