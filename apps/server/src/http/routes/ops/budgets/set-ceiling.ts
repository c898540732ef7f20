import { WorkspaceBudget, WorkspaceLimits } from '@aaas/contract/budgets';
import { setWorkspaceBudget } from '../../../../gateway/budgets/workspace-budget.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentBudget, WorkspaceParams } from './present-budget.ts';

export function setCeiling(app: App, api: Api): void {
  app.put(
    '/api/v1/workspaces/:workspace_id/budget',
    {
      config: { operation: 'budgets.ceiling.set', scope: 'platform:write' },
      schema: {
        tags: ['money'],
        summary: 'Set the ceiling of a workspace',
        description:
          'Limits that the workspace itself cannot lift; they replace those of before. Its own budget holds beside them.',
        params: WorkspaceParams,
        body: WorkspaceLimits,
        response: { 200: WorkspaceBudget, ...problems },
      },
    },
    async (request) => {
      const { workspace_id: workspaceId } = request.params;
      await presentBudget(api, workspaceId);
      const { keyId } = request.principal;
      await setWorkspaceBudget(api.ctx.pool, { workspaceId, setBy: 'platform', keyId }, request.body, api.ctx.now());
      return presentBudget(api, workspaceId);
    },
  );
}
