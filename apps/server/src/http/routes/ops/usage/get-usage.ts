import { ApiError } from '@aaas/contract/errors';
import { Usage } from '@aaas/contract/usage';
import type { z } from 'zod';
import { presentFigures, presentGroup } from '../../../../usage/present-usage.ts';
import { requireLedger } from '../../../../usage/require-ledger.ts';
import { sumUsage, type UsageFilter } from '../../../../usage/sum-usage.ts';
import { usageCsv } from '../../../../usage/usage-csv.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { decodeCursor, encodeCursor, spanOf, UsageQuery } from './usage-query.ts';

const MAX_CSV_ROWS = 10_000;

export function getUsage(app: App, api: Api): void {
  app.get(
    '/api/v1/usage',
    {
      config: { operation: 'usage.get', scope: 'usage:read' },
      schema: {
        tags: ['money'],
        summary: 'Sum up tokens and cost',
        description: `From the ledger: each model request that reached an upstream, at the moment when it ended. CSV has at most ${MAX_CSV_ROWS} rows.`,
        querystring: UsageQuery,
        response: { 200: Usage, ...problems },
      },
    },
    async (request, reply) => {
      const { query, principal } = request;
      const { group_by: groupBy, cursor, limit } = query;
      const from = cursor === undefined ? null : decodeCursor(cursor, groupBy);
      const filter = filterOf({ ...query, ...from }, principal.workspaceId, api.ctx.now());
      await requireLedger(api.ctx.pool, filter, groupBy, api.ctx.now());
      const csv = query.format === 'csv' || (!query.format && request.headers.accept?.includes('text/csv'));
      const rows = csv ? MAX_CSV_ROWS : limit;
      const { totals, groups } = await sumUsage(api.ctx.pool, filter, groupBy, {
        after: from?.place ?? null,
        limit: rows + 1,
      });
      const page = groups.slice(0, rows);
      if (csv) {
        if (groups.length > rows) {
          const remedy = 'Ask for less time (since, until) or group by less';
          throw new ApiError('invalid_request', `There are more than ${MAX_CSV_ROWS} rows. ${remedy}.`);
        }
        return reply
          .header('content-type', 'text/csv; charset=utf-8')
          .header('content-disposition', 'attachment; filename="usage.csv"')
          .serializer(String)
          .send(usageCsv(page, groupBy) as never);
      }
      const last = page.at(-1);
      const span = { since: filter.since.toISOString(), until: filter.until.toISOString() };
      return {
        ...span,
        group_by: groupBy,
        data: page.map((group) => presentGroup(group, groupBy)),
        totals: presentFigures(totals),
        next_cursor: groups.length > rows && last ? encodeCursor({ place: last.place, ...span }, groupBy) : null,
      };
    },
  );
}

function filterOf(query: z.output<typeof UsageQuery>, workspaceId: string, now: Date): UsageFilter {
  return {
    workspaceId,
    ...spanOf(query, now),
    agentId: query.agent_id,
    agentType: query.agent_type,
    model: query.model,
    keyId: query.key_id,
    sessionId: query.session_id,
    upstream: query.upstream,
  };
}
