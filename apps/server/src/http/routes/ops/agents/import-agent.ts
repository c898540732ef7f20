import type { Readable } from 'node:stream';
import { ImportAgentResponse } from '@aaas/contract/agent-archive';
import { z } from 'zod';
import { importAgent as unpackAgent } from '../../../../agents/import/import-agent.ts';
import { bounded } from '../../../../directories/files/receive.ts';
import { ensureDefaultEnvironment } from '../../../../environments/default-environment.ts';
import type { Api, App } from '../../../api.ts';
import { siteOf } from '../files/files-route.ts';
import { problems } from '../problems.ts';
import { endpointOf } from './present.ts';

/** Inside a scope that leaves bodies unread. */
export function importAgent(app: App, api: Api): void {
  app.post(
    '/api/v1/agents/import',
    {
      config: { operation: 'agents.import', scope: 'agents:write', rate: 'create' },
      schema: {
        tags: ['agents'],
        summary: 'Import an agent',
        description:
          'The body is an exported .tar.gz. A new agent with ids of its own goes on with the conversation where it was; its working directory comes along.',
        querystring: z.object({
          auto_start: z
            .enum(['true', 'false'])
            .default('true')
            .transform((text) => text === 'true')
            .describe('false: it stays stopped until it is started.'),
        }),
        response: { 201: ImportAgentResponse, ...problems },
      },
    },
    async (request, reply) => {
      const { workspaceId } = request.principal;
      const start = request.query.auto_start;
      const chunks = bounded(request.raw as Readable, api.settings.MAX_ARCHIVE_BYTES, 'MAX_ARCHIVE_BYTES');
      const environmentId = await ensureDefaultEnvironment(api.ctx.pool, workspaceId);
      const imported = await unpackAgent(api.ctx, siteOf(api), chunks, {
        workspaceId,
        environmentId,
        start,
        bounds: api.settings,
      });
      const { agentId, sessionId, name } = imported;
      if (start) api.wake(sessionId);
      return reply
        .code(201)
        .header('location', endpointOf(agentId))
        .send({
          agent_id: agentId,
          session_id: sessionId,
          status: start ? 'starting' : 'stopped',
          endpoint: endpointOf(agentId),
          message: start
            ? `${name} is starting; it takes messages at once.`
            : `${name} is stopped; start it before you send messages.`,
          imported: imported.counts,
          missing_env: imported.missingEnv,
        });
    },
  );
}
