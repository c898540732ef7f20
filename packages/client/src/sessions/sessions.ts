import type { Schema } from '../operations/operation-types.ts';
import type { Operations } from '../operations/operations.ts';
import { type WaitOptions, waitForStatus } from '../waiting/wait-for-status.ts';

/** Sessions: conversations with an agent, of which it may have many beside its main one. */
export function sessions({ call, callWith, list }: Operations) {
  const get = call('get', '/api/v1/sessions/{session_id}');
  return {
    create: callWith('post', '/api/v1/sessions'),
    list: list('/api/v1/sessions'),
    get,
    change: callWith('patch', '/api/v1/sessions/{session_id}'),
    delete: call('delete', '/api/v1/sessions/{session_id}'),
    start: call('post', '/api/v1/sessions/{session_id}/start'),
    stop: call('post', '/api/v1/sessions/{session_id}/stop'),
    restart: call('post', '/api/v1/sessions/{session_id}/restart'),
    hibernate: call('post', '/api/v1/sessions/{session_id}/hibernate'),
    interrupt: call('post', '/api/v1/sessions/{session_id}/interrupt'),
    /** Waits until it is in one of these states. @throws NotReachedError */
    waitFor: (sessionId: string, wanted: Schema<'Status'> | Schema<'Status'>[], options?: WaitOptions) =>
      waitForStatus((signal) => get(sessionId, { signal }), wanted, options),
  };
}
