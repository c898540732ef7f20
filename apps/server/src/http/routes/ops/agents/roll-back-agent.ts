import { RollBackAgentRequest } from '@aaas/contract/agents-api';
import { ApiError } from '@aaas/contract/errors';
import { Agent } from '@aaas/contract/operations-api';
import { z } from 'zod';
import { changeAgent } from '../../../../agents/change-agent.ts';
import { openEnv } from '../../../../agents/env/open-env.ts';
import { findAgent } from '../../../../agents/find-agents.ts';
import { findVersion } from '../../../../agents/find-versions.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { AgentParams, agentNotFound, isId } from './agent-params.ts';
import { believedVersion, etagOf, ifMatch, versionConflict } from './if-match.ts';
import { presentAgent } from './present.ts';

export function rollBackAgent(app: App, api: Api): void {
  app.post(
    '/api/v1/agents/:agent_id/rollback',
    {
      config: { operation: 'agents.rollback', scope: 'agents:write' },
      schema: {
        tags: ['agents'],
        summary: 'Roll an agent back',
        description:
          'Makes a new version that equals an old one, its variables included. The main session takes it as any other change.',
        params: AgentParams,
        headers: z.object({ 'if-match': ifMatch }),
        body: RollBackAgentRequest,
        response: { 200: Agent, ...problems },
      },
    },
    async (request, reply) => {
      const { agent_id: agentId } = request.params;
      const { workspaceId } = request.principal;
      if (!isId(agentId)) throw agentNotFound(agentId);
      const { version } = request.body;
      const believed = believedVersion(request.headers['if-match'], undefined);
      const changed = await changeAgent(api.ctx, { workspaceId, agentId }, believed, async (current, db) => {
        const old = await findVersion(db, workspaceId, agentId, version);
        if (!old) throw new ApiError('not_found', `The agent has no version ${version}. GET …/versions lists them.`);
        const definition = await openEnv(db, api.ctx.keyring, { workspaceId, agentId }, old.definition);
        return { definition, metadata: current.metadata, rolledBackTo: version };
      });
      if (changed.kind === 'conflict') throw versionConflict(changed.version);
      if (changed.kind === 'changed' && changed.sessionId) api.wake(changed.sessionId);
      const view = changed.kind === 'changed' ? await findAgent(api.ctx.pool, workspaceId, agentId) : null;
      if (!view) throw agentNotFound(agentId);
      return reply.header('etag', etagOf(view.version)).send(presentAgent(view));
    },
  );
}
