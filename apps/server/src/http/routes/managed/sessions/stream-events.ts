import { OWN_EVENT_PREFIX } from '@aaas/contract/events';
import { z } from 'zod';
import { tailLog } from '../../../../streams/tail-log.ts';
import type { Api, App } from '../../../api.ts';
import { openEventStream } from '../../../plugins/sse.ts';
import { resyncFrame } from '../../ops/turns/send-tailed.ts';
import { arrayParam } from './array-param.ts';
import { managedPayload } from './managed-tools.ts';
import { requireSession, SessionParams } from './session-params.ts';

const DeltaTypes = arrayParam.pipe(z.array(z.enum(['agent.message', 'agent.thinking'])));
const place = z.string().regex(/^(\d{1,15}|sevt_[A-Za-z0-9]{1,64})$/, 'must be an event id or a sequence');

export function streamSessionEvents(app: App, api: Api): void {
  app.get(
    '/v1/sessions/:session_id/events/stream',
    {
      config: { operation: 'managed.sessions.events.stream', scope: 'agents:read', rate: 'none' },
      schema: {
        tags: ['managed agents'],
        summary: 'Stream events',
        description:
          'Events from now on. As an extension, `Last-Event-ID` or `?after=` (a sequence or an event id) resumes without a gap; where events of it are no longer kept, `event: resync` says so.',
        params: SessionParams,
        querystring: z.object({
          event_deltas: DeltaTypes.optional(),
          'event_deltas[]': DeltaTypes.optional(),
          after: place.optional(),
        }),
        headers: z.object({ 'last-event-id': place.optional() }),
      },
    },
    async (request, reply) => {
      const { sessionId } = await requireSession(api, request);
      const wanted = new Set(request.query['event_deltas[]'] ?? request.query.event_deltas ?? []);
      const after = await sequenceOf(api, sessionId, request.headers['last-event-id'] ?? request.query.after);
      const stream = openEventStream(reply, api.closing);
      /** Previews that this connection saw begin; one that opened in the middle gets none of it. */
      const begun = new Set<string>();
      try {
        for await (const next of tailLog(api.ctx, sessionId, after, stream.signal)) {
          if (next.kind === 'event') {
            const { seq, id, type } = next.event;
            begun.delete(id);
            if (!type.startsWith(OWN_EVENT_PREFIX))
              await stream.send({ id: seq, event: type, data: managedPayload(next.event) });
          } else if (next.kind === 'accepted') {
            await stream.send({ event: next.type, data: next.payload });
          } else if (next.kind === 'delta') {
            const { delta } = next;
            if (delta.type === 'event_start' && wanted.has(delta.event.type)) begun.add(delta.event.id);
            if (begun.has(delta.type === 'event_start' ? delta.event.id : delta.event_id)) {
              await stream.send({ event: delta.type, data: JSON.stringify(delta) });
            }
          } else if (next.kind === 'resync' && next.reason === 'removed') {
            await stream.send(resyncFrame(next));
          } else if (next.kind === 'deleted') {
            const data = {
              type: 'session.deleted',
              id: `sevt_deleted_${sessionId}`,
              processed_at: api.ctx.now().toISOString(),
            };
            await stream.send({ event: 'session.deleted', data: JSON.stringify(data) });
          }
        }
      } catch (error) {
        request.log.error({ err: error, session_id: sessionId }, 'failed to stream a session');
      } finally {
        stream.end();
      }
    },
  );
}

/**
 * Where to begin: beyond a sequence or an event, or at the end of the log. An event that is neither in a log that was
 * cut nor in the inbox may have been removed: then before all that is kept, so that nothing is left out unsaid.
 */
async function sequenceOf(api: Api, sessionId: string, from: string | undefined): Promise<number> {
  if (from && /^\d+$/.test(from)) return Number(from);
  const result = await api.ctx.pool.query<{ seq: number }>(
    `select coalesce((select e.seq from events e where e.session_id = $1 and e.id = $2),
                     case when $2::text is not null
                           and (select e.seq from events e where e.session_id = $1 order by e.seq limit 1) > 1
                           and not exists (select 1 from inputs i
                                            where i.session_id = $1 and i.id = $2 and i.consumed_seq is null)
                          then 0 end,
                     h.last_seq) as seq
       from session_heads h where h.session_id = $1`,
    [sessionId, from ?? null],
  );
  return result.rows[0]?.seq ?? 0;
}
