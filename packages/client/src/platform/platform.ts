import type { CallOptions } from '../client-options.ts';
import { type Operations, toCall } from '../operations/operations.ts';
import type { Transport } from '../transport/transport.ts';

/** An approval is answered so. */
export interface ApprovalDecision {
  decision: 'allow' | 'deny';
  message?: string | undefined;
}

/** What a platform offers, and how it is. */
export function platform(transport: Transport, { call, list }: Operations) {
  return {
    agentTypes: { list: list('/api/v1/agent-types') },
    models: { list: call('get', '/api/v1/models') },
    approvals: {
      /** Announced; a platform that has no approvals answers `not_available_yet`. */
      list: (options: CallOptions = {}) =>
        transport.json<unknown>(toCall('get', '/api/v1/approvals', options), 'quick'),
      /** Likewise announced. */
      decide: (approvalId: string, decision: ApprovalDecision, options: CallOptions = {}) =>
        transport.json<unknown>(
          { ...toCall('post', `/api/v1/approvals/${encodeURIComponent(approvalId)}`, options), body: decision },
          'quick',
        ),
    },
    /** The nodes, their places, and what waits for one. */
    fleet: call('get', '/api/v1/fleet'),
    /** What this is; also without a key. */
    info: call('get', '/'),
    /** How the platform is, and whether its model is simulated. Needs no key. */
    health: call('get', '/health'),
  };
}
