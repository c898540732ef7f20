import { ApiError } from '@aaas/contract/errors';
import { Turn } from '@aaas/contract/operations-api';
import { findTurn } from '../../../../sessions/turns/find-turn.ts';
import { findQueuePosition } from '../../../../sessions/turns/queue-position.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { SESSION_ADDRESSES, sessionOf } from '../sessions/session-target.ts';
import { presentTurn } from '../turns/present-turn.ts';
import { isId } from './agent-params.ts';

export function getTurn(app: App, api: Api): void {
  for (const { base, noun, turnParams } of SESSION_ADDRESSES) {
    app.get(
      `${base}/turns/:turn_id`,
      {
        config: { operation: `${noun}.turns.get`, scope: 'agents:read' },
        schema: {
          tags: ['messages'],
          summary: 'Get a turn and its answer',
          params: turnParams,
          response: { 200: Turn, ...problems },
        },
      },
      async (request) => {
        const { sessionId } = await sessionOf(api, request);
        const { turn_id: turnId } = request.params;
        const turn = isId(turnId) ? await findTurn(api.ctx.pool, sessionId, turnId) : null;
        if (!turn) throw new ApiError('not_found', `There is no turn ${turnId.slice(0, 128)} here.`);
        const waits = turn.state === 'queued';
        return presentTurn(turn, waits ? await findQueuePosition(api.ctx.pool, sessionId, turnId) : null);
      },
    );
  }
}
