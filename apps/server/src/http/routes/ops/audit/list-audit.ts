import { AuditEntry, AuditOutcomeName } from '@aaas/contract/audit';
import { z } from 'zod';
import { listEntries } from '../../../../audit/list-entries.ts';
import type { Api, App } from '../../../api.ts';
import { pageLimit } from '../paging.ts';
import { problems } from '../problems.ts';
import { chainOf, chainParam } from './chain-of.ts';

const name = z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/, 'must be 1 to 128 letters, digits and _ . : -');
const instant = z.iso.datetime({ offset: true });

export function listAudit(app: App, api: Api): void {
  app.get(
    '/api/v1/audit',
    {
      config: { operation: 'audit.list', scope: 'audit:read' },
      schema: {
        tags: ['audit'],
        summary: 'List what was done, newest first',
        querystring: z.object({
          operation: name.optional().describe('Such as `agents.create`.'),
          key_id: name.optional(),
          resource: name.optional().describe('An id: what was done to it, or made it.'),
          outcome: AuditOutcomeName.optional(),
          since: instant.optional().describe('From this time on.'),
          until: instant.optional().describe('Before this time.'),
          chain: chainParam,
          limit: pageLimit,
          cursor: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
        }),
        response: { 200: z.object({ data: z.array(AuditEntry), next_cursor: z.string().nullable() }), ...problems },
      },
    },
    async (request) => {
      const { chain, key_id: keyId, cursor: before, limit, ...filter } = request.query;
      const found = await listEntries(api.ctx.pool, chainOf(request.principal, chain), {
        ...filter,
        keyId,
        before,
        limit: limit + 1,
      });
      const data = found.slice(0, limit);
      return { data, next_cursor: found.length > limit ? String(data.at(-1)?.seq) : null };
    },
  );
}
