import { z } from 'zod';
import { tailLog } from '../../../../streams/tail-log.ts';
import type { Api, App } from '../../../api.ts';
import { openEventStream } from '../../../plugins/sse.ts';
import { sequence } from '../paging.ts';
import { problems } from '../problems.ts';
import { AgentParams, mainSessionOf } from './agent-params.ts';

export function streamEvents(app: App, api: Api): void {
  app.get(
    '/api/v1/agents/:agent_id/events/stream',
    {
      config: { operation: 'agents.events.stream', scope: 'agents:read', rate: 'none' },
      schema: {
        tags: ['events'],
        summary: 'Follow the log',
        description:
          'Server-sent events; `id:` is the sequence. `Last-Event-ID` or `?after=` resumes without a gap; without either it begins with what comes next. `event_start` and `event_delta` show text while it is written and have no id.',
        params: AgentParams,
        querystring: z.object({ after: sequence.optional() }),
        headers: z.object({ 'last-event-id': sequence.optional() }),
        response: { ...problems },
      },
    },
    async (request, reply) => {
      const { sessionId } = await mainSessionOf(api, request);
      const asked = request.headers['last-event-id'] ?? request.query.after;
      const after = asked ?? (await lastSequence(api, sessionId));
      const stream = openEventStream(reply, api.closing);
      try {
        for await (const next of tailLog(api.ctx, sessionId, after, stream.signal)) {
          if (next.kind === 'event') {
            await stream.send({ id: next.event.seq, event: next.event.type, data: next.event.payload });
          } else if (next.kind === 'delta')
            await stream.send({ event: next.delta.type, data: JSON.stringify(next.delta) });
          else if (next.kind === 'resync')
            await stream.send({ event: 'resync', data: JSON.stringify({ after: next.after }) });
          else await stream.send({ event: 'session.deleted', data: '{"type":"session.deleted"}' });
        }
      } catch (error) {
        request.log.error({ err: error, session_id: sessionId }, 'failed to follow a log');
      } finally {
        stream.end();
      }
    },
  );
}

async function lastSequence(api: Api, sessionId: string): Promise<number> {
  const result = await api.ctx.pool.query<{ seq: number }>(
    'select last_seq as seq from session_heads where session_id = $1',
    [sessionId],
  );
  return result.rows[0]?.seq ?? 0;
}
