import type { CallOptions } from '../client-options.ts';
import { type Page, Paged } from '../paging/paged.ts';
import type { Transport } from '../transport/transport.ts';
import { type FollowOptions, followLog } from './follow-log.ts';
import type { LogEvent, StreamEvent } from './log-event.ts';

export interface ListEventsOptions extends CallOptions {
  /** Events after this sequence. */
  after?: number;
  limit?: number;
}

/** The log of an agent. */
export function events(transport: Transport) {
  return {
    /** Oldest first. */
    list: (agentId: string, { after, limit, signal }: ListEventsOptions = {}) =>
      new Paged<LogEvent>((cursor) => {
        const path = `/api/v1/agents/${encodeURIComponent(agentId)}/events`;
        const query = cursor === undefined ? { after, limit } : { cursor, limit };
        return transport.json<Page<LogEvent>>({ method: 'GET', path, query, signal }, 'quick');
      }),

    /** What happens, as it happens. Goes on by itself after a cut. */
    stream: (agentId: string, options: FollowOptions = {}): AsyncGenerator<StreamEvent> =>
      followLog(transport, agentId, options),
  };
}
