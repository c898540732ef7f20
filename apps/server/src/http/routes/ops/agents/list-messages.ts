import { Message } from '@aaas/contract/operations-api';
import { z } from 'zod';
import { listMessages as findMessages } from '../../../../sessions/turns/list-messages.ts';
import type { Api, App } from '../../../api.ts';
import { pageLimit, sequence } from '../paging.ts';
import { problems } from '../problems.ts';
import { SESSION_ADDRESSES, sessionOf } from '../sessions/session-target.ts';
import { presentTurnUsage, usdOf } from '../turns/present-turn.ts';

export function listMessages(app: App, api: Api): void {
  for (const { base, noun, params } of SESSION_ADDRESSES) {
    app.get(
      `${base}/messages`,
      {
        config: { operation: `${noun}.messages.list`, scope: 'agents:read' },
        schema: {
          tags: ['messages'],
          summary: 'List messages and their answers, oldest first unless asked otherwise',
          params,
          querystring: z.object({
            limit: pageLimit,
            cursor: sequence.optional(),
            order: z.enum(['asc', 'desc']).default('asc').describe('desc: newest first.'),
          }),
          response: { 200: z.object({ data: z.array(Message), next_cursor: z.string().nullable() }), ...problems },
        },
      },
      async (request) => {
        const { sessionId } = await sessionOf(api, request);
        const { limit, cursor = null, order } = request.query;
        const found = await findMessages(api.ctx.pool, sessionId, { order, beyond: cursor, limit: limit + 1 });
        const page = found.slice(0, limit);
        return {
          data: page.map((turn) => ({
            turn_id: turn.turnId,
            state: turn.state,
            message: turn.message,
            response: turn.response,
            stop_reason: turn.stopReason,
            model: turn.model,
            usage: presentTurnUsage(turn),
            cost_usd: usdOf(turn.costNanousd),
            accepted_at: turn.acceptedAt.toISOString(),
            ended_at: turn.endedAt?.toISOString() ?? null,
          })),
          next_cursor: found.length > limit ? String(page.at(-1)?.position) : null,
        };
      },
    );
  }
}
