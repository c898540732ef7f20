import { LifecycleStep } from '@aaas/contract/operations-api';
import { z } from 'zod';
import { readLifecycle } from '../../../../sessions/log/read-lifecycle.ts';
import { findFirstKept, requireUncut } from '../../../../sessions/log/read-log.ts';
import type { Api, App } from '../../../api.ts';
import { sequence } from '../paging.ts';
import { problems } from '../problems.ts';
import { SESSION_ADDRESSES, sessionOf } from '../sessions/session-target.ts';

export function getTimeline(app: App, api: Api): void {
  for (const { base, noun, params } of SESSION_ADDRESSES) {
    app.get(
      `${base}/timeline`,
      {
        config: { operation: `${noun}.timeline`, scope: 'agents:read' },
        schema: {
          tags: ['events'],
          summary: 'List transitions between states, with their reasons',
          params,
          querystring: z.object({
            cursor: sequence.default(0),
            limit: z.coerce.number().int().min(1).max(1_000).default(100),
          }),
          response: {
            200: z.object({ data: z.array(LifecycleStep), next_cursor: z.string().nullable() }),
            ...problems,
          },
        },
      },
      async (request) => {
        const { sessionId } = await sessionOf(api, request);
        const { limit, cursor } = request.query;
        if (cursor > 0) requireUncut(cursor, await findFirstKept(api.ctx.pool, sessionId));
        const found = await readLifecycle(api.ctx.pool, sessionId, cursor, limit + 1);
        const page = found.slice(0, limit);
        return { data: page, next_cursor: found.length > limit ? String(page.at(-1)?.seq) : null };
      },
    );
  }
}
