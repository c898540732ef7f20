import { Workspace } from '@aaas/contract/workspaces';
import { requireWorkspace } from '../../../../access/workspaces/find-workspaces.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentWorkspace } from './present-workspace.ts';

export function currentWorkspace(app: App, api: Api): void {
  app.get(
    '/api/v1/workspaces/current',
    {
      config: { operation: 'workspaces.current', scope: 'any' },
      schema: {
        tags: ['workspaces'],
        summary: 'Get the workspace that your key opens',
        response: { 200: Workspace, ...problems },
      },
    },
    async (request) => presentWorkspace(await requireWorkspace(api.ctx.pool, request.principal.workspaceId)),
  );
}
