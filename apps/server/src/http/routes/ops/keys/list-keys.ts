import { Key } from '@aaas/contract/keys';
import { z } from 'zod';
import { listKeys as findKeys } from '../../../../access/keys/find-keys.ts';
import type { Api, App } from '../../../api.ts';
import { idCursor, pageLimit } from '../paging.ts';
import { problems } from '../problems.ts';
import { presentKey } from './present-key.ts';

export function listKeys(app: App, api: Api): void {
  app.get(
    '/api/v1/keys',
    {
      config: { operation: 'keys.list', scope: 'keys:read' },
      schema: {
        tags: ['keys'],
        summary: 'List keys, newest first',
        description:
          'Those of the workspace and of its test side, also the revoked and the expired; never the keys themselves.',
        querystring: z.object({
          test: z.stringbool().optional(),
          status: Key.shape.status.optional(),
          limit: pageLimit,
          cursor: idCursor.optional(),
        }),
        response: { 200: z.object({ data: z.array(Key), next_cursor: z.string().nullable() }), ...problems },
      },
    },
    async (request) => {
      const { test, status, limit, cursor } = request.query;
      const filter = { test, status, after: cursor, limit: limit + 1 };
      const found = await findKeys(api.ctx.pool, request.principal.workspaceId, filter);
      const page = found.slice(0, limit);
      return { data: page.map(presentKey), next_cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );
}
