import { AGENT_TYPE_NAMES } from '@aaas/contract/agent-config';
import { ApiError } from '@aaas/contract/errors';
import { QueryAccepted, QueryAnswer, QueryRequest } from '@aaas/contract/query-api';
import { z } from 'zod';
import { defineAgent } from '../../../../agents/define-agent.ts';
import { sealEnv } from '../../../../agents/env/seal-env.ts';
import { refuseExcess } from '../../../../agents/refuse-excess.ts';
import { ensureDefaultEnvironment } from '../../../../environments/default-environment.ts';
import { requirePlace } from '../../../../sessions/inbox/require-place.ts';
import { createQuery } from '../../../../sessions/queries/create-query.ts';
import { findQuery } from '../../../../sessions/queries/find-query.ts';
import { messageContent } from '../../../../sessions/turns/message-content.ts';
import type { Api, App } from '../../../api.ts';
import { requireModel } from '../models/require-model.ts';
import { problems } from '../problems.ts';
import { presentAnswer } from '../turns/present-turn.ts';
import { replyHeaders, replyWithTurn } from '../turns/reply-with-turn.ts';
import { keepSince } from './keep-since.ts';
import { queryEndpoint } from './present-query.ts';

export function askQuery(app: App, api: Api): void {
  app.post(
    '/api/v1/query',
    {
      config: { operation: 'query.ask', scope: 'agents:message', rate: 'query', audit: 'batched' },
      schema: {
        tags: ['query'],
        summary: 'Ask once, without an agent of your own',
        description:
          'A session for one message: it works in a directory of its own, and is removed with its answer, also when nobody waits for that. The answer is kept for QUERY_RETENTION seconds. `Accept: text/event-stream` and `Prefer` do what they do with messages.',
        querystring: z.object({ agent_type: z.enum(AGENT_TYPE_NAMES).default('general') }),
        headers: z.object(replyHeaders),
        body: QueryRequest,
        response: { 200: QueryAnswer, 202: QueryAccepted, ...problems },
      },
    },
    async (request, reply) => {
      const { workspaceId, keyId } = request.principal;
      const { agent_type: agentType } = request.query;
      const { message, query = message as string, context, config } = request.body;
      refuseExcess(config?.limits, api.settings);
      if (config?.model !== undefined) await requireModel(api, workspaceId, config.model);
      const fallback = { name: agentType, model: api.settings.DEFAULT_MODEL };
      await requirePlace(api.ctx, api.line, api.settings.MAX_WAITING_AGENTS, { workspaceId, sessionId: null });
      const definition = defineAgent({ ...config, agent_type: agentType }, fallback);
      const made = await createQuery(api.ctx, {
        workspaceId,
        keyId,
        environmentId: await ensureDefaultEnvironment(api.ctx.pool, workspaceId),
        definition,
        seal: (db, agent) => sealEnv(db, api.ctx.keyring, agent, definition),
        content: messageContent(query, context),
        keepSince: keepSince(api),
      });
      const { queryId, sessionId, turnId } = made;
      return replyWithTurn(api, request, reply, {
        sessionId,
        turnId,
        isNew: true,
        position: api.line.length === 0 ? 1 : null,
        endpoint: queryEndpoint(queryId),
        receipt: { query_id: queryId },
        present: (turn) => ({ query_id: queryId, agent_type: agentType, ...presentAnswer(turn) }),
        findGone: async () => (await findQuery(api.ctx.pool, workspaceId, queryId, keepSince(api)))?.turn ?? null,
        stranded: () => new ApiError('turn_failed', 'The query could not be begun: its process could not be started.'),
      });
    },
  );
}
