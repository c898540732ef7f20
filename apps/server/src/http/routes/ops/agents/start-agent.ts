import { StatusChange } from '@aaas/contract/operations-api';
import { changeIntent } from '../../../../sessions/lifecycle/change-intent.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, mainSessionOf } from './agent-params.ts';

export function startAgent(app: App, api: Api): void {
  app.post(
    '/api/v1/agents/:agent_id/start',
    {
      config: { operation: 'agents.start', scope: 'agents:write' },
      schema: {
        tags: ['agents'],
        summary: 'Start an agent',
        description: 'Also brings back one in error. Messages that waited run first.',
        params: AgentParams,
        response: { 202: StatusChange, ...problems },
      },
    },
    async (request, reply) => {
      const session = await mainSessionOf(api, request);
      const status = await changeIntent(api.ctx, session, {
        intent: 'active',
        operation: 'start',
        reason: 'start_requested',
      });
      if (!status) throw agentNotFound(request.params.agent_id);
      api.wake(session.sessionId);
      return reply.code(202).send({ agent_id: request.params.agent_id, status, message: 'It starts.' });
    },
  );
}
