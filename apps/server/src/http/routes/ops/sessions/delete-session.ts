import { ApiError } from '@aaas/contract/errors';
import { StatusChange } from '@aaas/contract/operations-api';
import { changeIntent } from '../../../../sessions/lifecycle/change-intent.ts';
import { WISHES } from '../../../../sessions/lifecycle/wishes.ts';
import { findListedSession } from '../../../../sessions/list-sessions.ts';
import type { Api, App } from '../../../api.ts';
import { isId } from '../agents/agent-params.ts';
import { problems } from '../problems.ts';
import { SessionParams, sessionNotFound } from './session-target.ts';

export function deleteSession(app: App, api: Api): void {
  app.delete(
    '/api/v1/sessions/:session_id',
    {
      config: { operation: 'sessions.delete', scope: 'agents:write' },
      schema: {
        tags: ['sessions'],
        summary: 'Delete a session',
        description:
          'It drains, then its conversation and its directory are removed. A main session goes with its agent alone.',
        params: SessionParams,
        response: { 202: StatusChange, ...problems },
      },
    },
    async (request, reply) => {
      const { session_id: sessionId } = request.params;
      const { workspaceId } = request.principal;
      const view = isId(sessionId) ? await findListedSession(api.ctx.pool, workspaceId, sessionId) : null;
      if (!view) throw sessionNotFound(sessionId);
      if (view.main) {
        const remedy = `DELETE /api/v1/agents/${view.agentId} removes both.`;
        throw new ApiError('main_session', `This is the main session of agent ${view.agentId}. ${remedy}`);
      }
      const status = await changeIntent(api.ctx, { workspaceId, sessionId }, WISHES.delete);
      if (!status) throw sessionNotFound(sessionId);
      api.wake(sessionId);
      const message = 'It drains, and is then removed.';
      return reply.code(202).send({ agent_id: view.agentId, session_id: sessionId, status, message });
    },
  );
}
