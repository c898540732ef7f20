import { Agent } from '@aaas/contract/operations-api';
import { findAgent } from '../../../../agents/find-agents.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, isId } from './agent-params.ts';
import { etagOf } from './if-match.ts';
import { presentAgent } from './present.ts';

export function getAgent(app: App, api: Api): void {
  app.get(
    '/api/v1/agents/:agent_id',
    {
      config: { operation: 'agents.get', scope: 'agents:read' },
      schema: { tags: ['agents'], summary: 'Get an agent', params: AgentParams, response: { 200: Agent, ...problems } },
    },
    async (request, reply) => {
      const { agent_id: agentId } = request.params;
      const view = isId(agentId) ? await findAgent(api.ctx.pool, request.principal.workspaceId, agentId) : null;
      if (!view) throw agentNotFound(agentId);
      return reply.header('etag', etagOf(view.version)).send(presentAgent(view));
    },
  );
}
