import type { AgentConfigRequest, AgentTypeName } from '@aaas/contract/agent-config';
import type { Status } from '@aaas/contract/lifecycle';
import type { Agent, CreateAgentResponse, StatusChange } from '@aaas/contract/operations-api';
import type { CallOptions } from '../client-options.ts';
import { type Page, Paged } from '../paging/paged.ts';
import type { Repeat, Transport } from '../transport/transport.ts';

export interface CreateAgentOptions extends CallOptions {
  /** false: it stays stopped until it is started. Default: true. */
  autoStart?: boolean;
}

export interface ListAgentsOptions extends CallOptions {
  status?: Status;
  agentType?: AgentTypeName;
  /** Entries of a page. */
  limit?: number;
}

/** Agents and their lifecycle. Every method throws ApiRequestError or ConnectionError. */
export function agents(transport: Transport) {
  const change =
    (operation: string, repeat: Repeat) =>
    (agentId: string, options: CallOptions = {}) =>
      transport.json<StatusChange>(
        { method: 'POST', path: `${pathOf(agentId)}/${operation}`, signal: options.signal },
        repeat,
      );
  return {
    /** Deploys an agent. Never tried twice: that could make two. */
    create: (config: AgentConfigRequest, { autoStart, signal }: CreateAgentOptions = {}) =>
      transport.json<CreateAgentResponse>(
        {
          method: 'POST',
          path: '/api/v1/agents',
          body: { config, ...(autoStart === undefined ? {} : { auto_start: autoStart }) },
          signal,
        },
        'once',
      ),

    /** Newest first. */
    list: ({ status, agentType, limit, signal }: ListAgentsOptions = {}) =>
      new Paged<Agent>((cursor) => {
        const query = { status, agent_type: agentType, limit, cursor };
        return transport.json<Page<Agent>>({ method: 'GET', path: '/api/v1/agents', query, signal }, 'quick');
      }),

    get: (agentId: string, { signal }: CallOptions = {}) =>
      transport.json<Agent>({ method: 'GET', path: pathOf(agentId), signal }, 'quick'),

    /** It drains, then its conversation and its directory are removed. */
    delete: (agentId: string, { signal }: CallOptions = {}) =>
      transport.json<StatusChange>({ method: 'DELETE', path: pathOf(agentId), signal }, 'quick'),

    start: change('start', 'quick'),
    stop: change('stop', 'quick'),
    restart: change('restart', 'quick'),
    /** It sleeps until the next message. */
    hibernate: change('hibernate', 'quick'),
    /** Ends the running turn. Never tried twice: the second could hit the turn after it. */
    interrupt: change('interrupt', 'once'),
  };
}

function pathOf(agentId: string): string {
  return `/api/v1/agents/${encodeURIComponent(agentId)}`;
}
