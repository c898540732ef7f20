import { StatusChange } from '@aaas/contract/operations-api';
import { changeIntent } from '../../../../sessions/lifecycle/change-intent.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, mainSessionOf } from './agent-params.ts';

export function hibernateAgent(app: App, api: Api): void {
  app.post(
    '/api/v1/agents/:agent_id/hibernate',
    {
      config: { operation: 'agents.hibernate', scope: 'agents:write' },
      schema: {
        tags: ['agents'],
        summary: 'Put an agent to sleep',
        description: 'Its process ends when it is idle; the next message wakes it where it left off.',
        params: AgentParams,
        response: { 202: StatusChange, ...problems },
      },
    },
    async (request, reply) => {
      const session = await mainSessionOf(api, request);
      const status = await changeIntent(api.ctx, session, {
        intent: null,
        operation: 'hibernate',
        reason: 'hibernate_requested',
      });
      if (!status) throw agentNotFound(request.params.agent_id);
      api.wake(session.sessionId);
      return reply
        .code(202)
        .send({ agent_id: request.params.agent_id, status, message: 'It goes to sleep when it is idle.' });
    },
  );
}
