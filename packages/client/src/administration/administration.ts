import type { CallOptions } from '../client-options.ts';
import { type Operations, toCall } from '../operations/operations.ts';
import type { Transport } from '../transport/transport.ts';

/** Computing every hash of a long chain takes its time. */
const VERIFY_TIMEOUT_MS = 600_000;

/** What the operators of a platform and of a workspace look after. */
export function administration(transport: Transport, { call, callWith, list }: Operations) {
  const verify = call('get', '/api/v1/audit/verify');
  const usage = call('get', '/api/v1/usage');
  return {
    keys: {
      /** The answer shows the key, this once. */
      create: callWith('post', '/api/v1/keys'),
      list: list('/api/v1/keys'),
      get: call('get', '/api/v1/keys/{key_id}'),
      change: callWith('patch', '/api/v1/keys/{key_id}'),
      /** Makes the key that replaces it; for a while both are good. */
      rotate: callWith('post', '/api/v1/keys/{key_id}/rotate'),
      revoke: call('delete', '/api/v1/keys/{key_id}'),
    },
    workspaces: {
      create: callWith('post', '/api/v1/workspaces'),
      list: list('/api/v1/workspaces'),
      /** The workspace of the key that asks. */
      current: call('get', '/api/v1/workspaces/current'),
      get: call('get', '/api/v1/workspaces/{workspace_id}'),
      rename: callWith('patch', '/api/v1/workspaces/{workspace_id}'),
      archive: call('delete', '/api/v1/workspaces/{workspace_id}'),
    },
    settings: {
      list: call('get', '/api/v1/settings'),
      /** All of them or none; null takes a change back. */
      change: callWith('patch', '/api/v1/settings'),
    },
    usage: {
      get: usage,
      /** The same as CSV, all rows of it. */
      csv: (options: Parameters<typeof usage>[0] = {}): Promise<Response> =>
        transport.raw(toCall('get', '/api/v1/usage', { ...options, format: 'csv' } as CallOptions), 'quick'),
    },
    budgets: {
      get: call('get', '/api/v1/budgets'),
      set: callWith('put', '/api/v1/budgets'),
      clear: call('delete', '/api/v1/budgets'),
      /** What the operator allows a workspace, whatever budget it sets itself. */
      getCeiling: call('get', '/api/v1/workspaces/{workspace_id}/budget'),
      setCeiling: callWith('put', '/api/v1/workspaces/{workspace_id}/budget'),
      clearCeiling: call('delete', '/api/v1/workspaces/{workspace_id}/budget'),
    },
    audit: {
      list: list('/api/v1/audit'),
      verify: (options: Parameters<typeof verify>[0] = {}) => verify({ timeoutMs: VERIFY_TIMEOUT_MS, ...options }),
      /** Lines of JSON, oldest first. */
      export: (options: CallOptions & { after?: number; chain?: 'platform' } = {}): Promise<Response> =>
        transport.raw(toCall('get', '/api/v1/audit/export', options), 'quick'),
    },
    webhooks: {
      /** The answer shows the secret, this once. */
      create: callWith('post', '/api/v1/webhooks'),
      list: list('/api/v1/webhooks'),
      get: call('get', '/api/v1/webhooks/{webhook_id}'),
      change: callWith('patch', '/api/v1/webhooks/{webhook_id}'),
      delete: call('delete', '/api/v1/webhooks/{webhook_id}'),
      rotateSecret: callWith('post', '/api/v1/webhooks/{webhook_id}/rotate-secret'),
      /** Sends a test event. */
      test: call('post', '/api/v1/webhooks/{webhook_id}/test'),
      /** Delivers again what was not delivered since a moment. */
      replay: callWith('post', '/api/v1/webhooks/{webhook_id}/replay'),
      deliveries: list('/api/v1/webhooks/{webhook_id}/deliveries'),
      delivery: call('get', '/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}'),
      replayDelivery: call('post', '/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay'),
    },
  };
}
