import type { AgentType, Health, Turn } from '@aaas/contract/operations-api';
import { agents } from './agents/agents.ts';
import type { CallOptions, ClientOptions } from './client-options.ts';
import { events } from './events/events.ts';
import { messages } from './messages/messages.ts';
import { type Page, Paged } from './paging/paged.ts';
import { Transport } from './transport/transport.ts';

export type Client = ReturnType<typeof createClient>;

/** A client of one platform. Runs in Node and in browsers; holds nothing open between calls. */
export function createClient(options: ClientOptions) {
  const transport = new Transport(options);
  const get = <T>(path: string, { signal }: CallOptions) => transport.json<T>({ method: 'GET', path, signal }, 'quick');
  return {
    agents: agents(transport),
    messages: messages(transport),
    events: events(transport),
    turns: {
      get: (agentId: string, turnId: string, call: CallOptions = {}) =>
        get<Turn>(`/api/v1/agents/${encodeURIComponent(agentId)}/turns/${encodeURIComponent(turnId)}`, call),
    },
    agentTypes: {
      list: (call: CallOptions = {}) => new Paged<AgentType>(() => get<Page<AgentType>>('/api/v1/agent-types', call)),
    },
    /** How the platform is, and whether its model is simulated. Needs no key. */
    health: (call: CallOptions = {}) => get<Health>('/health', call),
  };
}
