import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';
import { type EventCursor, type EventFilter, readEvents } from '../../../../sessions/log/read-events.ts';
import { findFirstKept, requireUncut } from '../../../../sessions/log/read-log.ts';
import type { Api, App } from '../../../api.ts';
import { arrayParam } from './array-param.ts';
import { managedPayload } from './managed-tools.ts';
import { requireSession, SessionParams } from './session-params.ts';

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const Query = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  page: z.string().max(200).optional(),
  order: z.enum(['asc', 'desc']).default('asc'),
  types: arrayParam.optional(),
  'types[]': arrayParam.optional(),
  'created_at[gt]': time.optional(),
  'created_at[gte]': time.optional(),
  'created_at[lt]': time.optional(),
  'created_at[lte]': time.optional(),
});

export function listSessionEvents(app: App, api: Api): void {
  app.get(
    '/v1/sessions/:session_id/events',
    {
      config: { operation: 'managed.sessions.events.list', scope: 'agents:read' },
      schema: { tags: ['managed agents'], summary: 'List events', params: SessionParams, querystring: Query },
    },
    async (request) => {
      const { sessionId } = await requireSession(api, request);
      const { limit, order, page } = request.query;
      const filter = { ...toFilter(request.query), order, limit: limit + 1 };
      const start = page ? decodeCursor(page, order) : null;
      const found = await readEvents(api.ctx.pool, sessionId, start, filter);
      if (start?.part === 'log' && order === 'asc')
        requireUncut(start.at, await findFirstKept(api.ctx.pool, sessionId));
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      return {
        data: shown.map((event) => JSON.parse(managedPayload(event))),
        next_page: found.length > limit && last ? encodeCursor(last.cursor, order) : null,
      };
    },
  );
}

function toFilter(query: z.output<typeof Query>): Omit<EventFilter, 'order' | 'limit'> {
  const later = (date: Date | undefined) => date && new Date(date.getTime() + 1);
  const from = [query['created_at[gte]'], later(query['created_at[gt]'])].filter((date) => date !== undefined);
  const before = [query['created_at[lt]'], later(query['created_at[lte]'])].filter((date) => date !== undefined);
  return {
    types: query['types[]'] ?? query.types ?? null,
    from: from.length > 0 ? new Date(Math.max(...from.map(Number))) : null,
    before: before.length > 0 ? new Date(Math.min(...before.map(Number))) : null,
  };
}

function encodeCursor({ part, at }: EventCursor, order: string): string {
  return `page_${Buffer.from(`${order}.${part}.${at}`).toString('base64url')}`;
}

function decodeCursor(page: string, order: string): EventCursor {
  const parts = /^(asc|desc)\.(log|inbox)\.(\d{1,15})$/.exec(
    Buffer.from(page.replace(/^page_/, ''), 'base64url').toString(),
  );
  if (!parts || parts[1] !== order) {
    throw new ApiError('invalid_request', 'page: must be the next_page of a list with the same order.');
  }
  return { part: parts[2] as EventCursor['part'], at: Number(parts[3]) };
}
