import { StatusChange } from '@aaas/contract/operations-api';
import { changeIntent } from '../../../../sessions/lifecycle/change-intent.ts';
import { WISHES } from '../../../../sessions/lifecycle/wishes.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { SESSION_ADDRESSES, sessionOf, targetNotFound } from '../sessions/session-target.ts';

export function hibernateAgent(app: App, api: Api): void {
  for (const { base, noun, params } of SESSION_ADDRESSES) {
    app.post(
      `${base}/hibernate`,
      {
        config: { operation: `${noun}.hibernate`, scope: 'agents:write' },
        schema: {
          tags: [noun],
          summary: 'Put an agent or a session to sleep',
          description: 'Its process ends when it is idle; the next message wakes it where it left off.',
          params,
          response: { 202: StatusChange, ...problems },
        },
      },
      async (request, reply) => {
        const session = await sessionOf(api, request);
        const status = await changeIntent(api.ctx, session, WISHES.hibernate);
        if (!status) throw targetNotFound(session);
        api.wake(session.sessionId);
        return reply.code(202).send({
          agent_id: session.agentId,
          session_id: session.sessionId,
          status,
          message: 'It goes to sleep when it is idle.',
        });
      },
    );
  }
}
