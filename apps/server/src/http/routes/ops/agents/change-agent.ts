import { ChangeAgentRequest } from '@aaas/contract/agents-api';
import { Agent } from '@aaas/contract/operations-api';
import { z } from 'zod';
import { changeAgent as change } from '../../../../agents/change-agent.ts';
import { findAgent } from '../../../../agents/find-agents.ts';
import { reviseServers } from '../../../../agents/mcp/revise-servers.ts';
import { refuseExcess } from '../../../../agents/refuse-excess.ts';
import { defaultName, reviseAgent } from '../../../../agents/revise-agent.ts';
import { mergeMetadata } from '../../../../sessions/metadata.ts';
import type { Api, App } from '../../../api.ts';
import { requireModel } from '../models/require-model.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, isId } from './agent-params.ts';
import { believedVersion, etagOf, ifMatch, versionConflict } from './if-match.ts';
import { presentAgent } from './present.ts';

export function changeAgent(app: App, api: Api): void {
  app.patch(
    '/api/v1/agents/:agent_id',
    {
      config: { operation: 'agents.change', scope: 'agents:write' },
      schema: {
        tags: ['agents'],
        summary: 'Change an agent',
        description:
          'A JSON merge patch of its config; null takes what the agent type brings. Makes the next version, unless nothing changes. A running turn ends with the version that it began with; the next one works with the new.',
        params: AgentParams,
        headers: z.object({ 'if-match': ifMatch }),
        body: ChangeAgentRequest,
        response: { 200: Agent, ...problems },
      },
    },
    async (request, reply) => {
      const { agent_id: agentId } = request.params;
      const { workspaceId } = request.principal;
      if (!isId(agentId)) throw agentNotFound(agentId);
      const { config: { mcp_servers: servers, ...config } = {}, metadata, version } = request.body;
      if (config.model) await requireModel(api, workspaceId, config.model);
      const believed = believedVersion(request.headers['if-match'], version);
      const changed = await change(api.ctx, { workspaceId, agentId }, believed, async (current, db) => {
        const definition = reviseAgent(current.definition, config, {
          name: defaultName(current.definition.agent_type, agentId),
          model: api.settings.DEFAULT_MODEL,
        });
        if (config.limits) refuseExcess(definition.limits, api.settings);
        const known = definition.mcp_servers;
        const mcp_servers =
          servers === undefined
            ? known
            : await reviseServers(db, api.ctx.keyring, { workspaceId, agentId }, known, servers);
        return { definition: { ...definition, mcp_servers }, metadata: mergeMetadata(current.metadata, metadata) };
      });
      if (changed.kind === 'conflict') throw versionConflict(changed.version);
      if (changed.kind === 'changed' && changed.sessionId) api.wake(changed.sessionId);
      const view = changed.kind === 'changed' ? await findAgent(api.ctx.pool, workspaceId, agentId) : null;
      if (!view) throw agentNotFound(agentId);
      return reply.header('etag', etagOf(view.version)).send(presentAgent(view));
    },
  );
}
