import { Session } from '@aaas/contract/sessions-api';
import { findListedSession } from '../../../../sessions/list-sessions.ts';
import type { Api, App } from '../../../api.ts';
import { isId } from '../agents/agent-params.ts';
import { problems } from '../problems.ts';
import { presentSession } from './present-session.ts';
import { SessionParams, sessionNotFound } from './session-target.ts';

export function getSession(app: App, api: Api): void {
  app.get(
    '/api/v1/sessions/:session_id',
    {
      config: { operation: 'sessions.get', scope: 'agents:read' },
      schema: {
        tags: ['sessions'],
        summary: 'Get a session',
        params: SessionParams,
        response: { 200: Session, ...problems },
      },
    },
    async (request) => {
      const { session_id: sessionId } = request.params;
      const { workspaceId } = request.principal;
      const view = isId(sessionId) ? await findListedSession(api.ctx.pool, workspaceId, sessionId) : null;
      if (!view) throw sessionNotFound(sessionId);
      return presentSession(view);
    },
  );
}
