import { ApiError } from '@aaas/contract/errors';
import { StatusChange } from '@aaas/contract/operations-api';
import { addInput } from '../../../../sessions/inbox/add-input.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { SESSION_ADDRESSES, type SessionTarget, sessionOf, targetNotFound } from '../sessions/session-target.ts';

export function interruptAgent(app: App, api: Api): void {
  for (const { base, noun, params } of SESSION_ADDRESSES) {
    app.post(
      `${base}/interrupt`,
      {
        config: { operation: `${noun}.interrupt`, scope: 'agents:message' },
        schema: {
          tags: [noun],
          summary: 'Interrupt the running turn',
          description:
            'The turn ends as interrupted within INTERRUPT_TIMEOUT: a process that does not obey is killed and another goes on. Messages that wait run next. Without a running turn nothing happens.',
          params,
          response: { 202: StatusChange, ...problems },
        },
      },
      async (request, reply) => {
        const session = await sessionOf(api, request);
        const status = await interrupt(api, session, request.principal.keyId);
        return reply.code(202).send({
          agent_id: session.agentId,
          session_id: session.sessionId,
          status,
          message: 'The running turn, if any, is interrupted.',
        });
      },
    );
  }
}

/** @returns the status in which the interrupt found the session. */
export async function interrupt(api: Api, session: SessionTarget, keyId: string) {
  const added = await addInput(api.ctx, session, { type: 'user.interrupt', body: {}, keyId }, 0);
  if (added.kind === 'no_session') throw targetNotFound(session);
  if (added.kind === 'refused') {
    throw new ApiError('agent_stopped', `The agent is ${added.status}: nothing runs that could be interrupted.`);
  }
  if (added.kind !== 'accepted') throw new Error(`failed to add an interrupt: ${added.kind}`);
  api.wake(session.sessionId);
  return added.status;
}
