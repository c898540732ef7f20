import { Event } from '@aaas/contract/operations-api';
import { z } from 'zod';
import { readLog, requireUncut } from '../../../../sessions/log/read-log.ts';
import type { Api, App } from '../../../api.ts';
import { sequence } from '../paging.ts';
import { problems } from '../problems.ts';
import { SESSION_ADDRESSES, sessionOf } from '../sessions/session-target.ts';

export function listEvents(app: App, api: Api): void {
  for (const { base, noun, params } of SESSION_ADDRESSES) {
    app.get(
      `${base}/events`,
      {
        config: { operation: `${noun}.events.list`, scope: 'agents:read' },
        schema: {
          tags: ['events'],
          summary: 'List events of the log, oldest first',
          description:
            'Sequences have no gap. With `EVENT_RETENTION_DAYS` old events are removed: then the first one has a sequence above 1, and what follows a place from before it is 410 `no_longer_kept`.',
          params,
          querystring: z.object({
            after: sequence.optional().describe('Events after this sequence.'),
            cursor: sequence.optional().describe('The next_cursor of the page before; the same as after.'),
            limit: z.coerce.number().int().min(1).max(1_000).default(100),
          }),
          response: { 200: z.object({ data: z.array(Event), next_cursor: z.string().nullable() }), ...problems },
        },
      },
      async (request) => {
        const { sessionId } = await sessionOf(api, request);
        const { limit, after, cursor } = request.query;
        const from = cursor ?? after ?? 0;
        const found = await readLog(api.ctx.pool, sessionId, from, limit + 1);
        requireUncut(from, found[0]?.seq);
        const page = found.slice(0, limit);
        return {
          data: page.map((event) => ({ seq: event.seq, turn_id: event.turnId, ...JSON.parse(event.payload) })),
          next_cursor: found.length > limit ? String(page.at(-1)?.seq) : null,
        };
      },
    );
  }
}
