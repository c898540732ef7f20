import { WorkspaceBudget } from '@aaas/contract/budgets';
import { clearWorkspaceBudget } from '../../../../gateway/budgets/workspace-budget.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentBudget, WorkspaceParams } from './present-budget.ts';

export function clearCeiling(app: App, api: Api): void {
  app.delete(
    '/api/v1/workspaces/:workspace_id/budget',
    {
      config: { operation: 'budgets.ceiling.clear', scope: 'platform:write' },
      schema: {
        tags: ['money'],
        summary: 'Remove the ceiling of a workspace',
        params: WorkspaceParams,
        response: { 200: WorkspaceBudget, ...problems },
      },
    },
    async (request) => {
      const { workspace_id: workspaceId } = request.params;
      await presentBudget(api, workspaceId);
      await clearWorkspaceBudget(api.ctx.pool, workspaceId, 'platform');
      return presentBudget(api, workspaceId);
    },
  );
}
