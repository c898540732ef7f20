import { StatusChange } from '@aaas/contract/operations-api';
import { changeIntent } from '../../../../sessions/lifecycle/change-intent.ts';
import { WISHES } from '../../../../sessions/lifecycle/wishes.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { SESSION_ADDRESSES, sessionOf, targetNotFound } from '../sessions/session-target.ts';

export function stopAgent(app: App, api: Api): void {
  for (const { base, noun, params } of SESSION_ADDRESSES) {
    app.post(
      `${base}/stop`,
      {
        config: { operation: `${noun}.stop`, scope: 'agents:write' },
        schema: {
          tags: [noun],
          summary: 'Stop an agent or a session',
          description:
            'New messages are refused at once; a running turn gets DRAIN_TIMEOUT, then it is interrupted. Messages that wait stay and run after the next start.',
          params,
          response: { 202: StatusChange, ...problems },
        },
      },
      async (request, reply) => {
        const session = await sessionOf(api, request);
        const status = await changeIntent(api.ctx, session, WISHES.stop);
        if (!status) throw targetNotFound(session);
        api.wake(session.sessionId);
        return reply
          .code(202)
          .send({ agent_id: session.agentId, session_id: session.sessionId, status, message: 'It stops.' });
      },
    );
  }
}
