import { Workspace } from '@aaas/contract/workspaces';
import { requireWorkspace } from '../../../../access/workspaces/find-workspaces.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentWorkspace, WorkspaceParams } from './present-workspace.ts';

export function getWorkspace(app: App, api: Api): void {
  app.get(
    '/api/v1/workspaces/:workspace_id',
    {
      config: { operation: 'workspaces.get', scope: 'platform:read' },
      schema: {
        tags: ['workspaces'],
        summary: 'Get a workspace',
        params: WorkspaceParams,
        response: { 200: Workspace, ...problems },
      },
    },
    async (request) => presentWorkspace(await requireWorkspace(api.ctx.pool, request.params.workspace_id)),
  );
}
