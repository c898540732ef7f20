import { Workspace } from '@aaas/contract/workspaces';
import { archiveWorkspace as archive } from '../../../../access/workspaces/archive-workspace.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentWorkspace, WorkspaceParams } from './present-workspace.ts';

export function archiveWorkspace(app: App, api: Api): void {
  app.delete(
    '/api/v1/workspaces/:workspace_id',
    {
      config: { operation: 'workspaces.archive', scope: 'platform:write' },
      schema: {
        tags: ['workspaces'],
        summary: 'Archive a workspace',
        description:
          'With its test side: their keys are refused from now on, within two seconds on other nodes, and their agents stop as POST …/stop does it. What they cost stays in the ledger.',
        params: WorkspaceParams,
        response: { 202: Workspace, ...problems },
      },
    },
    async (request, reply) => {
      const { workspace, stopped } = await archive(api.ctx, request.params.workspace_id);
      api.keysChanged();
      for (const sessionId of stopped) api.wake(sessionId);
      return reply.code(202).send(presentWorkspace(workspace));
    },
  );
}
