import { StatusChange } from '@aaas/contract/operations-api';
import { changeIntent } from '../../../../sessions/lifecycle/change-intent.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, mainSessionOf } from './agent-params.ts';

export function stopAgent(app: App, api: Api): void {
  app.post(
    '/api/v1/agents/:agent_id/stop',
    {
      config: { operation: 'agents.stop', scope: 'agents:write' },
      schema: {
        tags: ['agents'],
        summary: 'Stop an agent',
        description:
          'New messages are refused at once; a running turn gets DRAIN_TIMEOUT, then it is interrupted. Messages that wait stay and run after the next start.',
        params: AgentParams,
        response: { 202: StatusChange, ...problems },
      },
    },
    async (request, reply) => {
      const session = await mainSessionOf(api, request);
      const status = await changeIntent(api.ctx, session, {
        intent: 'stopped',
        operation: null,
        reason: 'stop_requested',
      });
      if (!status) throw agentNotFound(request.params.agent_id);
      api.wake(session.sessionId);
      return reply.code(202).send({ agent_id: request.params.agent_id, status, message: 'It stops.' });
    },
  );
}
