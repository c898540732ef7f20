import type { Operations } from '../operations/operations.ts';

/** What a platform offers, and how it is. */
export function platform({ call, callWith, list }: Operations) {
  return {
    agentTypes: { list: list('/api/v1/agent-types') },
    models: { list: call('get', '/api/v1/models') },
    approvals: {
      /** Newest first; `status: 'open'` is what waits for somebody. */
      list: list('/api/v1/approvals'),
      get: call('get', '/api/v1/approvals/{approval_id}'),
      /** The same decision again changes nothing. @throws ApiRequestError `approval_decided`, `approval_expired` */
      decide: callWith('post', '/api/v1/approvals/{approval_id}'),
    },
    /** The nodes, their places, and what waits for one. */
    fleet: call('get', '/api/v1/fleet'),
    autoscaler: {
      /** Signals, bounds and where they stand, with the first page of decisions. */
      get: call('get', '/api/v1/fleet/autoscaler'),
      /** Decisions, newest first. */
      decisions: list('/api/v1/fleet/autoscaler'),
      /** How many worker nodes the fleet should have. @throws ApiRequestError `unavailable` before anybody has looked */
      desired: call('get', '/api/v1/fleet/autoscaler/desired'),
    },
    /** Has a node take no more work and give up what it has, or with `undo` take work again. Answers at once. */
    drainNode: callWith('post', '/api/v1/fleet/drain'),
    /** What this is; also without a key. */
    info: call('get', '/'),
    /** How the platform is, and whether its model is simulated. Needs no key. */
    health: call('get', '/health'),
  };
}
