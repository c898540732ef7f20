import { newId } from '@aaas/contract/ids';
import { CreateAgentRequest, CreateAgentResponse } from '@aaas/contract/operations-api';
import { createAgent as storeAgent } from '../../../../agents/create-agent.ts';
import { defineAgent } from '../../../../agents/define-agent.ts';
import { refuseExcess } from '../../../../agents/refuse-excess.ts';
import { defaultName } from '../../../../agents/revise-agent.ts';
import { ensureDefaultEnvironment } from '../../../../environments/default-environment.ts';
import type { Api, App } from '../../../api.ts';
import { requireModel } from '../models/require-model.ts';
import { problems } from '../problems.ts';
import { endpointOf } from './present.ts';

export function createAgent(app: App, api: Api): void {
  app.post(
    '/api/v1/agents',
    {
      config: { operation: 'agents.create', scope: 'agents:write', rate: 'create' },
      schema: {
        tags: ['agents'],
        summary: 'Deploy an agent',
        body: CreateAgentRequest,
        response: { 201: CreateAgentResponse, ...problems },
      },
    },
    async (request, reply) => {
      const { config, metadata, auto_start: start } = request.body;
      const { workspaceId } = request.principal;
      refuseExcess(config.limits, api.settings);
      if (config.model !== undefined) await requireModel(api, workspaceId, config.model);
      const agentId = newId('agent');
      const name = defaultName(config.agent_type, agentId);
      const definition = defineAgent(config, { name, model: api.settings.DEFAULT_MODEL });
      const environmentId = await ensureDefaultEnvironment(api.ctx.pool, workspaceId);
      const { sessionId } = await storeAgent(
        api.ctx,
        workspaceId,
        environmentId,
        agentId,
        definition,
        start,
        metadata,
        config.mcp_servers,
      );
      if (start) api.wake(sessionId);
      return reply
        .code(201)
        .header('location', endpointOf(agentId))
        .send({
          agent_id: agentId,
          status: start ? 'starting' : 'stopped',
          endpoint: endpointOf(agentId),
          message: start
            ? `${definition.name} is starting; it takes messages at once.`
            : `${definition.name} is stopped; start it before you send messages.`,
        });
    },
  );
}
