import { ChangeWorkspaceRequest, Workspace } from '@aaas/contract/workspaces';
import { renameWorkspace as storeName } from '../../../../access/workspaces/rename-workspace.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentWorkspace, WorkspaceParams } from './present-workspace.ts';

export function renameWorkspace(app: App, api: Api): void {
  app.patch(
    '/api/v1/workspaces/:workspace_id',
    {
      config: { operation: 'workspaces.rename', scope: 'platform:write' },
      schema: {
        tags: ['workspaces'],
        summary: 'Rename a workspace',
        params: WorkspaceParams,
        body: ChangeWorkspaceRequest,
        response: { 200: Workspace, ...problems },
      },
    },
    async (request) => presentWorkspace(await storeName(api.ctx.pool, request.params.workspace_id, request.body.name)),
  );
}
