import { type ConversationId, eitherOf } from '../conversation-address.ts';
import type { Schema } from '../operations/operation-types.ts';
import type { Operations } from '../operations/operations.ts';
import { NotReachedError } from '../waiting/not-reached-error.ts';
import { waitUntil } from '../waiting/wait-until.ts';

export interface WaitForTurnOptions {
  /** Milliseconds. Default: without end. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** What has become of messages. */
export function turns({ call }: Operations) {
  const get = eitherOf(
    call('get', '/api/v1/agents/{agent_id}/turns/{turn_id}'),
    call('get', '/api/v1/sessions/{session_id}/turns/{turn_id}'),
  );
  return {
    get,
    /** The turn when it has ended, however it has. @throws NotReachedError */
    wait: async (id: ConversationId, turnId: string, options: WaitForTurnOptions = {}): Promise<Schema<'Turn'>> => {
      const { signal } = options;
      const { value, reached } = await waitUntil(() => get(id, turnId, { signal }), hasEnded, options);
      if (!reached) throw new NotReachedError(`${turnId} is still ${value.state}.`, value.state);
      return value;
    },
  };
}

export function hasEnded({ state }: Schema<'Turn'>): boolean {
  return state !== 'queued' && state !== 'running';
}
