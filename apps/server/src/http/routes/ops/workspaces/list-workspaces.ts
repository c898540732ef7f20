import { Workspace } from '@aaas/contract/workspaces';
import { z } from 'zod';
import { listWorkspaces as findWorkspaces } from '../../../../access/workspaces/find-workspaces.ts';
import type { Api, App } from '../../../api.ts';
import { idCursor, pageLimit } from '../paging.ts';
import { problems } from '../problems.ts';
import { presentWorkspace } from './present-workspace.ts';

export function listWorkspaces(app: App, api: Api): void {
  app.get(
    '/api/v1/workspaces',
    {
      config: { operation: 'workspaces.list', scope: 'platform:read' },
      schema: {
        tags: ['workspaces'],
        summary: 'List workspaces, newest first',
        description: 'Test sides are workspaces of their own.',
        querystring: z.object({
          archived: z.stringbool().default(false).describe('true: with the archived ones.'),
          limit: pageLimit,
          cursor: idCursor.optional(),
        }),
        response: { 200: z.object({ data: z.array(Workspace), next_cursor: z.string().nullable() }), ...problems },
      },
    },
    async (request) => {
      const { archived, limit, cursor } = request.query;
      const found = await findWorkspaces(api.ctx.pool, { archived, after: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      return { data: page.map(presentWorkspace), next_cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );
}
