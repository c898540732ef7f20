import { AgentVersion } from '@aaas/contract/agents-api';
import { ApiError } from '@aaas/contract/errors';
import { findVersion } from '../../../../agents/find-versions.ts';
import type { Api, App } from '../../../api.ts';
import { versionNumber } from '../paging.ts';
import { problems } from '../problems.ts';
import { AgentParams, isId } from './agent-params.ts';
import { presentVersion } from './present.ts';

export function getVersion(app: App, api: Api): void {
  app.get(
    '/api/v1/agents/:agent_id/versions/:version',
    {
      config: { operation: 'agents.versions.get', scope: 'agents:read' },
      schema: {
        tags: ['agents'],
        summary: 'Get a version of an agent',
        params: AgentParams.extend({ version: versionNumber }),
        response: { 200: AgentVersion, ...problems },
      },
    },
    async (request) => {
      const { agent_id: agentId, version } = request.params;
      const { workspaceId } = request.principal;
      const found = isId(agentId) ? await findVersion(api.ctx.pool, workspaceId, agentId, version) : null;
      if (!found) {
        throw new ApiError('not_found', `There is no version ${version} of agent ${agentId.slice(0, 128)}.`);
      }
      return presentVersion(found);
    },
  );
}
