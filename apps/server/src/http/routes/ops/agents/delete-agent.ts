import { StatusChange } from '@aaas/contract/operations-api';
import { deleteAgent as archiveAgent } from '../../../../agents/delete-agent.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, isId } from './agent-params.ts';

export function deleteAgent(app: App, api: Api): void {
  app.delete(
    '/api/v1/agents/:agent_id',
    {
      config: { operation: 'agents.delete', scope: 'agents:write' },
      schema: {
        tags: ['agents'],
        summary: 'Delete an agent',
        description:
          'It drains, then its conversation and its directory are removed. What it cost stays in the ledger.',
        params: AgentParams,
        response: { 202: StatusChange, ...problems },
      },
    },
    async (request, reply) => {
      const { agent_id: agentId } = request.params;
      const { workspaceId } = request.principal;
      const sessionId = isId(agentId) ? await archiveAgent(api.ctx, workspaceId, agentId) : null;
      if (!sessionId) throw agentNotFound(agentId);
      api.wake(sessionId);
      return reply
        .code(202)
        .send({
          agent_id: agentId,
          session_id: sessionId,
          status: 'draining',
          message: 'It drains, and is then removed.',
        });
    },
  );
}
