import { ApiError } from '@aaas/contract/errors';
import { Turn } from '@aaas/contract/operations-api';
import { findTurn } from '../../../../sessions/turns/find-turn.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { isId, mainSessionOf, TurnParams } from './agent-params.ts';
import { presentTurn } from './present.ts';

export function getTurn(app: App, api: Api): void {
  app.get(
    '/api/v1/agents/:agent_id/turns/:turn_id',
    {
      config: { operation: 'agents.turns.get', scope: 'agents:read' },
      schema: {
        tags: ['messages'],
        summary: 'Get a turn and its answer',
        params: TurnParams,
        response: { 200: Turn, ...problems },
      },
    },
    async (request) => {
      const { sessionId } = await mainSessionOf(api, request);
      const { turn_id: turnId } = request.params;
      const turn = isId(turnId) ? await findTurn(api.ctx.pool, sessionId, turnId) : null;
      if (!turn) throw new ApiError('not_found', `This agent has no turn ${turnId.slice(0, 128)}.`);
      return presentTurn(turn);
    },
  );
}
