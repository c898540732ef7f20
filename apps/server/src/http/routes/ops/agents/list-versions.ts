import { AgentVersion } from '@aaas/contract/agents-api';
import { z } from 'zod';
import { listVersions as findVersions } from '../../../../agents/find-versions.ts';
import type { Api, App } from '../../../api.ts';
import { pageLimit, versionNumber } from '../paging.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, isId } from './agent-params.ts';
import { presentVersion } from './present.ts';

export function listVersions(app: App, api: Api): void {
  app.get(
    '/api/v1/agents/:agent_id/versions',
    {
      config: { operation: 'agents.versions.list', scope: 'agents:read' },
      schema: {
        tags: ['agents'],
        summary: 'List the versions of an agent, newest first',
        params: AgentParams,
        querystring: z.object({ limit: pageLimit, cursor: versionNumber.optional() }),
        response: { 200: z.object({ data: z.array(AgentVersion), next_cursor: z.string().nullable() }), ...problems },
      },
    },
    async (request) => {
      const { agent_id: agentId } = request.params;
      const { workspaceId } = request.principal;
      const { limit, cursor = null } = request.query;
      const found = isId(agentId) ? await findVersions(api.ctx.pool, workspaceId, agentId, cursor, limit + 1) : [];
      // Every agent has a first version: a first page without one has no agent.
      if (found.length === 0 && cursor === null) throw agentNotFound(agentId);
      const page = found.slice(0, limit);
      return {
        data: page.map(presentVersion),
        next_cursor: found.length > limit ? String(page.at(-1)?.version) : null,
      };
    },
  );
}
