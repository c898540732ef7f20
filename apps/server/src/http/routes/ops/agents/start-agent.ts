import { StatusChange } from '@aaas/contract/operations-api';
import { changeIntent } from '../../../../sessions/lifecycle/change-intent.ts';
import { WISHES } from '../../../../sessions/lifecycle/wishes.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { SESSION_ADDRESSES, sessionOf, targetNotFound } from '../sessions/session-target.ts';

export function startAgent(app: App, api: Api): void {
  for (const { base, noun, params } of SESSION_ADDRESSES) {
    app.post(
      `${base}/start`,
      {
        config: { operation: `${noun}.start`, scope: 'agents:write' },
        schema: {
          tags: [noun],
          summary: 'Start an agent or a session',
          description: 'Also brings back one in error. Messages that waited run first.',
          params,
          response: { 202: StatusChange, ...problems },
        },
      },
      async (request, reply) => {
        const session = await sessionOf(api, request);
        const status = await changeIntent(api.ctx, session, WISHES.start);
        if (!status) throw targetNotFound(session);
        api.wake(session.sessionId);
        return reply
          .code(202)
          .send({ agent_id: session.agentId, session_id: session.sessionId, status, message: 'It starts.' });
      },
    );
  }
}
