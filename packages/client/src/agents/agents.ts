import type { CallOptions } from '../client-options.ts';
import type { Given, Schema } from '../operations/operation-types.ts';
import { keyed, type Operations, toCall } from '../operations/operations.ts';
import type { RawBody, Transport } from '../transport/transport.ts';
import { UPLOAD_TIMEOUT_MS, uploadRepeat } from '../transport/upload.ts';
import { type WaitOptions, waitForStatus } from '../waiting/wait-for-status.ts';

export type AgentConfigRequest = Given<Schema<'CreateAgentRequest'>['config']>;

export interface CreateAgentOptions extends CallOptions {
  /** Pairs of text, to find it by. */
  metadata?: Record<string, string> | undefined;
  /** false: it stays stopped until it is started. Default: true. */
  auto_start?: boolean | undefined;
}

export interface ExportAgentOptions extends CallOptions {
  /** Also the values of its environment variables. */
  include_env?: boolean;
  /** Seconds to wait for the end of a turn; an agent that works cannot be exported. Default: 0. */
  wait?: number;
}

// Packing a large directory takes its time before the first byte.
const EXPORT_TIMEOUT_MS = 600_000;

/** Agents: their definitions, versions and lifecycle. Every method throws ApiRequestError or ConnectionError. */
export function agents(transport: Transport, { call, callWith, list }: Operations) {
  const create = callWith('post', '/api/v1/agents');
  const get = call('get', '/api/v1/agents/{agent_id}');
  return {
    create: (config: AgentConfigRequest, { metadata, auto_start, ...options }: CreateAgentOptions = {}) =>
      create({ config, metadata, auto_start }, options),
    list: list('/api/v1/agents'),
    get,
    /** What is named changes, as a new version; nothing new makes none. */
    change: callWith('patch', '/api/v1/agents/{agent_id}'),
    /** It drains, then its conversation and its directory are removed. */
    delete: call('delete', '/api/v1/agents/{agent_id}'),

    start: call('post', '/api/v1/agents/{agent_id}/start'),
    stop: call('post', '/api/v1/agents/{agent_id}/stop'),
    restart: call('post', '/api/v1/agents/{agent_id}/restart'),
    /** It sleeps until the next message. */
    hibernate: call('post', '/api/v1/agents/{agent_id}/hibernate'),
    /** Ends the running turn. */
    interrupt: call('post', '/api/v1/agents/{agent_id}/interrupt'),
    bulk: callWith('post', '/api/v1/agents/bulk'),
    /** Waits until it is in one of these states. @throws NotReachedError */
    waitFor: (agentId: string, wanted: Schema<'Status'> | Schema<'Status'>[], options?: WaitOptions) =>
      waitForStatus((signal) => get(agentId, { signal }), wanted, options),

    versions: list('/api/v1/agents/{agent_id}/versions'),
    version: call('get', '/api/v1/agents/{agent_id}/versions/{version}'),
    /** Makes a new version that equals an earlier one. */
    rollBack: callWith('post', '/api/v1/agents/{agent_id}/rollback'),

    /** A .tar.gz of its versions, its conversation and its directory. */
    export: (agentId: string, options: ExportAgentOptions = {}): Promise<Response> => {
      const path = `/api/v1/agents/${encodeURIComponent(agentId)}/export`;
      return transport.raw(toCall('get', path, { timeoutMs: EXPORT_TIMEOUT_MS, ...options }), 'quick');
    },
    /** A new agent from an export. */
    import: (archive: RawBody, options: CallOptions & { auto_start?: boolean } = {}) =>
      transport.json<Schema<'ImportAgentResponse'>>(
        keyed({
          ...toCall('post', '/api/v1/agents/import', { timeoutMs: UPLOAD_TIMEOUT_MS, ...options }),
          raw: archive,
        }),
        uploadRepeat(archive),
      ),
  };
}
