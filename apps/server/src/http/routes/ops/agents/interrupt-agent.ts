import { ApiError } from '@aaas/contract/errors';
import { StatusChange } from '@aaas/contract/operations-api';
import { findAgent } from '../../../../agents/find-agents.ts';
import { addInput } from '../../../../sessions/inbox/add-input.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, mainSessionOf } from './agent-params.ts';

export function interruptAgent(app: App, api: Api): void {
  app.post(
    '/api/v1/agents/:agent_id/interrupt',
    {
      config: { operation: 'agents.interrupt', scope: 'agents:message' },
      schema: {
        tags: ['agents'],
        summary: 'Interrupt the running turn',
        description:
          'The turn ends as interrupted within INTERRUPT_TIMEOUT: a process that does not obey is killed and another goes on. Messages that wait run next. Without a running turn nothing happens.',
        params: AgentParams,
        response: { 202: StatusChange, ...problems },
      },
    },
    async (request, reply) => {
      const session = await mainSessionOf(api, request);
      const { agent_id: agentId } = request.params;
      const { keyId } = request.principal;
      const added = await addInput(api.ctx, session, { type: 'user.interrupt', body: {}, keyId }, 0);
      if (added.kind === 'no_session') throw agentNotFound(agentId);
      if (added.kind === 'refused') {
        throw new ApiError('agent_stopped', `The agent is ${added.status}: nothing runs that could be interrupted.`);
      }
      api.wake(session.sessionId);
      const view = await findAgent(api.ctx.pool, session.workspaceId, agentId);
      if (!view) throw agentNotFound(agentId);
      return reply
        .code(202)
        .send({ agent_id: agentId, status: view.status, message: 'The running turn, if any, is interrupted.' });
    },
  );
}
