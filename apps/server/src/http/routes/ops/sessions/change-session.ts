import { ChangeSessionRequest, Session } from '@aaas/contract/sessions-api';
import { findListedSession } from '../../../../sessions/list-sessions.ts';
import { updateSession } from '../../../../sessions/update-session.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentSession } from './present-session.ts';
import { SessionParams, sessionNotFound, sessionOf } from './session-target.ts';

export function changeSession(app: App, api: Api): void {
  app.patch(
    '/api/v1/sessions/:session_id',
    {
      config: { operation: 'sessions.change', scope: 'agents:write' },
      schema: {
        tags: ['sessions'],
        summary: 'Change the title, the metadata or the version of a session',
        description: 'Another version is taken when the running turn has ended.',
        params: SessionParams,
        body: ChangeSessionRequest,
        response: { 200: Session, ...problems },
      },
    },
    async (request) => {
      const session = await sessionOf(api, request);
      const found = await updateSession(api.ctx, session, request.body);
      if (request.body.version !== undefined) api.wake(session.sessionId);
      const view = found ? await findListedSession(api.ctx.pool, session.workspaceId, session.sessionId) : null;
      if (!view) throw sessionNotFound(session.sessionId);
      return presentSession(view);
    },
  );
}
