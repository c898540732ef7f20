import { StatusChange } from '@aaas/contract/operations-api';
import { changeIntent } from '../../../../sessions/lifecycle/change-intent.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, mainSessionOf } from './agent-params.ts';

export function restartAgent(app: App, api: Api): void {
  app.post(
    '/api/v1/agents/:agent_id/restart',
    {
      config: { operation: 'agents.restart', scope: 'agents:write' },
      schema: {
        tags: ['agents'],
        summary: 'Restart an agent',
        description:
          'A running turn gets DRAIN_TIMEOUT, then it is interrupted; a new process goes on with the same conversation.',
        params: AgentParams,
        response: { 202: StatusChange, ...problems },
      },
    },
    async (request, reply) => {
      const session = await mainSessionOf(api, request);
      const status = await changeIntent(api.ctx, session, {
        intent: 'active',
        operation: 'restart',
        reason: 'restart_requested',
      });
      if (!status) throw agentNotFound(request.params.agent_id);
      api.wake(session.sessionId);
      return reply.code(202).send({ agent_id: request.params.agent_id, status, message: 'It restarts.' });
    },
  );
}
