import { ApiError } from '@aaas/contract/errors';
import { CreateSessionRequest, Session } from '@aaas/contract/sessions-api';
import { ensureDefaultEnvironment } from '../../../../environments/default-environment.ts';
import { createSession as storeSession } from '../../../../sessions/create-session.ts';
import { findListedSession } from '../../../../sessions/list-sessions.ts';
import type { Api, App } from '../../../api.ts';
import { agentNotFound, isId } from '../agents/agent-params.ts';
import { problems } from '../problems.ts';
import { presentSession } from './present-session.ts';
import { sessionNotFound } from './session-target.ts';

export function createSession(app: App, api: Api): void {
  app.post(
    '/api/v1/sessions',
    {
      config: { operation: 'sessions.create', scope: 'agents:write', rate: 'create' },
      schema: {
        tags: ['sessions'],
        summary: 'Begin another session of an agent',
        description: 'A conversation, a directory and a process of its own, on one version of the agent.',
        body: CreateSessionRequest,
        response: { 201: Session, ...problems },
      },
    },
    async (request, reply) => {
      const { agent_id: agentId, title = null, metadata = {}, version = null, auto_start: start } = request.body;
      const { placement = null } = request.body;
      const { workspaceId } = request.principal;
      if (!isId(agentId)) throw agentNotFound(agentId);
      const environmentId = await ensureDefaultEnvironment(api.ctx.pool, workspaceId);
      const session = { workspaceId, agentId, environmentId, title, metadata, version, placement, start };
      const made = await storeSession(api.ctx, session);
      if ('missing' in made) {
        throw made.missing === 'agent'
          ? agentNotFound(agentId)
          : new ApiError('not_found', `The agent has no version ${version}. GET …/versions lists them.`);
      }
      if (start) api.wake(made.sessionId);
      const view = await findListedSession(api.ctx.pool, workspaceId, made.sessionId);
      if (!view) throw sessionNotFound(made.sessionId);
      const body = presentSession(view);
      return reply.code(201).header('location', body.endpoint).send(body);
    },
  );
}
