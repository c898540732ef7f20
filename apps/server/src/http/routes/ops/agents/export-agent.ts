import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';
import { holds } from '../../../../access/scopes.ts';
import { exportAgent as packAgent } from '../../../../agents/export/export-agent.ts';
import type { Api, App } from '../../../api.ts';
import { flag, siteOf } from '../files/files-route.ts';
import { attachment } from '../files/send-file.ts';
import { sendStaged } from '../files/send-staged.ts';
import { problems } from '../problems.ts';
import { sessionOf } from '../sessions/session-target.ts';
import { AgentParams } from './agent-params.ts';

export function exportAgent(app: App, api: Api): void {
  app.get(
    '/api/v1/agents/:agent_id/export',
    {
      // A HEAD would pack all of it to say how long it is.
      exposeHeadRoute: false,
      config: { operation: 'agents.export', scope: 'files:read', rate: 'query' },
      schema: {
        tags: ['agents'],
        summary: 'Export an agent as a .tar.gz',
        description:
          'Its versions, its conversation and its working directory, as they were between two turns. POST /api/v1/agents/import takes it.',
        params: AgentParams,
        querystring: z.object({
          include_env: flag.describe('Also the values of its environment variables; the key needs agents:write.'),
          wait: z.coerce.number().int().min(0).max(300).default(0).describe('Seconds to wait for the end of a turn.'),
        }),
        response: problems,
      },
    },
    async (request, reply) => {
      const { include_env: includeEnv, wait } = request.query;
      if (includeEnv && !holds(request.principal.scopes, 'agents:write')) {
        throw new ApiError('missing_scope', 'include_env needs the scope agents:write. Use a key that has it.');
      }
      if (includeEnv) {
        request.readsSecrets = true;
        request.fieldNames = ['include_env'];
      }
      const session = await sessionOf(api, request);
      const agentId = request.params.agent_id;
      const archive = await packAgent(api.ctx, siteOf(api), {
        ...session,
        agentId,
        includeEnv,
        platformVersion: api.version,
        bounds: api.settings,
        patience: AbortSignal.any([AbortSignal.timeout(wait * 1_000), api.closing]),
      });
      reply.header('content-disposition', attachment(`${agentId}.tar.gz`));
      return sendStaged(reply, 'tar.gz', archive) as never;
    },
  );
}
