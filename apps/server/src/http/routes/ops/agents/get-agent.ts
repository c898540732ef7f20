import { Agent } from '@aaas/contract/operations-api';
import { findAgent } from '../../../../agents/find-agents.ts';
import { findLines } from '../../../../gateway/budgets/find-lines.ts';
import { findCondition } from '../../../../sessions/find-condition.ts';
import type { Api, App } from '../../../api.ts';
import { presentLine } from '../budgets/present-line.ts';
import { problems } from '../problems.ts';
import { presentCondition } from '../sessions/present-condition.ts';
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
      const { workspaceId } = request.principal;
      const view = isId(agentId) ? await findAgent(api.ctx.pool, workspaceId, agentId) : null;
      if (!view) throw agentNotFound(agentId);
      const now = api.ctx.now();
      const [lines, condition] = await Promise.all([
        findLines(api.ctx.pool, { workspaceId, agentId }, now),
        findCondition(api.ctx.pool, workspaceId, view.sessionId),
      ]);
      const budget = lines.filter(({ setBy }) => setBy === 'agent').map(presentLine);
      const agent = presentAgent(view);
      const policy = view.definition.restart_policy;
      const shown = condition && presentCondition(condition, policy, api.restartDefaults, now);
      const usage = { ...agent.usage, ...(budget.length > 0 ? { budget } : {}) };
      return reply.header('etag', etagOf(view.version)).send({ ...agent, usage, ...shown });
    },
  );
}
