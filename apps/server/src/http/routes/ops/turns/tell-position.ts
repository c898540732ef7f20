import { setTimeout as sleep } from 'node:timers/promises';
import { findQueuePosition } from '../../../../sessions/turns/queue-position.ts';
import type { Api } from '../../../api.ts';
import type { EventStream } from '../../../plugins/sse.ts';

const LOOK_MS = 2_000;

/**
 * Tells a stream where its turn stands, as `event: x.queue_position`, whenever that changes, until the turn begins or
 * the signal aborts. Never stored. A position that cannot be looked up is not worth the stream.
 */
export async function tellPosition(
  api: Api,
  stream: EventStream,
  turn: { sessionId: string; turnId: string },
  told: number | null,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (let last = told; ; ) {
      await sleep(LOOK_MS, undefined, { signal });
      const position = await findQueuePosition(api.ctx.pool, turn.sessionId, turn.turnId);
      if (position === null || signal.aborted) return;
      const data = { turn_id: turn.turnId, queue_position: position };
      if (position !== last) await stream.send({ event: 'x.queue_position', data: JSON.stringify(data) });
      last = position;
    }
  } catch (error) {
    if (!signal.aborted) api.ctx.log.warn({ err: error }, 'failed to look up the position of a turn');
  }
}
