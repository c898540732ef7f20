import { administration } from './administration/administration.ts';
import { agents } from './agents/agents.ts';
import type { ClientOptions } from './client-options.ts';
import { events } from './events/events.ts';
import { files } from './files/files.ts';
import { messages } from './messages/messages.ts';
import { turns } from './messages/turns.ts';
import { operations } from './operations/operations.ts';
import { platform } from './platform/platform.ts';
import { query } from './query/query.ts';
import { sessions } from './sessions/sessions.ts';
import { Transport } from './transport/transport.ts';

export type Client = ReturnType<typeof createClient>;

/**
 * A client of one platform. Runs in Node and in browsers; holds nothing open between calls. Every operation of
 * `/api/v1` has a method, by noun; names of parameters and fields are those of the API.
 */
export function createClient(options: ClientOptions) {
  const transport = new Transport(options);
  const typed = operations(transport);
  return {
    agents: agents(transport, typed),
    sessions: sessions(typed),
    messages: messages(transport, typed),
    turns: turns(typed),
    events: events(transport, typed),
    files: files(transport, typed),
    query: query(transport, typed),
    ...administration(transport, typed),
    ...platform(typed),
  };
}
