import { z } from 'zod';
import { tailLog } from '../../../../streams/tail-log.ts';
import type { Api, App } from '../../../api.ts';
import { openEventStream } from '../../../plugins/sse.ts';
import { sequence } from '../paging.ts';
import { problems } from '../problems.ts';
import { SESSION_ADDRESSES, sessionOf } from '../sessions/session-target.ts';
import { sendTailed } from '../turns/send-tailed.ts';

export function streamEvents(app: App, api: Api): void {
  for (const { base, noun, params } of SESSION_ADDRESSES) {
    app.get(
      `${base}/events/stream`,
      {
        config: { operation: `${noun}.events.stream`, scope: 'agents:read', rate: 'none' },
        schema: {
          tags: ['events'],
          summary: 'Follow the log',
          description:
            'Server-sent events; `id:` is the sequence. `Last-Event-ID` or `?after=` resumes without a gap; without either it begins with what comes next. `event: resync` with `reason: removed` says that events up to `after` are no longer kept (`EVENT_RETENTION_DAYS`) and that this reader has not had all of them; with `reason: slow`, that live text was left out. `event_start` and `event_delta` show text while it is written and have no id.',
          params,
          querystring: z.object({ after: sequence.optional() }),
          headers: z.object({ 'last-event-id': sequence.optional() }),
          response: { ...problems },
        },
      },
      async (request, reply) => {
        const { sessionId } = await sessionOf(api, request);
        const asked = request.headers['last-event-id'] ?? request.query.after;
        const after = asked ?? (await lastSequence(api, sessionId));
        const stream = openEventStream(reply, api.closing);
        // So that a connection that is cut before its first event is taken up where it began.
        stream.ping(after);
        try {
          for await (const next of tailLog(api.ctx, sessionId, after, stream.signal)) {
            await sendTailed(stream, next);
          }
        } catch (error) {
          request.log.error({ err: error, session_id: sessionId }, 'failed to follow a log');
        } finally {
          stream.end();
        }
      },
    );
  }
}

async function lastSequence(api: Api, sessionId: string): Promise<number> {
  const result = await api.ctx.pool.query<{ seq: number }>(
    'select last_seq as seq from session_heads where session_id = $1',
    [sessionId],
  );
  return result.rows[0]?.seq ?? 0;
}
