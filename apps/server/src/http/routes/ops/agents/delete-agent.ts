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
          'It drains, then its sessions with their conversations and directories are removed. What it cost stays in the ledger.',
        params: AgentParams,
        response: { 202: StatusChange, ...problems },
      },
    },
    async (request, reply) => {
      const { agent_id: agentId } = request.params;
      const { workspaceId } = request.principal;
      const ended = isId(agentId) ? await archiveAgent(api.ctx, workspaceId, agentId) : null;
      if (!ended) throw agentNotFound(agentId);
      for (const sessionId of ended.sessionIds) api.wake(sessionId);
      return reply.code(202).send({
        agent_id: agentId,
        session_id: ended.mainSessionId,
        status: 'draining',
        message: 'It drains, and is then removed.',
      });
    },
  );
}
