import { WorkspaceBudget } from '@aaas/contract/budgets';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentBudget, WorkspaceParams } from './present-budget.ts';

export function getCeiling(app: App, api: Api): void {
  app.get(
    '/api/v1/workspaces/:workspace_id/budget',
    {
      config: { operation: 'budgets.ceiling.get', scope: 'platform:read' },
      schema: {
        tags: ['money'],
        summary: 'Get the budget of any workspace',
        params: WorkspaceParams,
        response: { 200: WorkspaceBudget, ...problems },
      },
    },
    async (request) => presentBudget(api, request.params.workspace_id),
  );
}
