import { WorkspaceBudget } from '@aaas/contract/budgets';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentBudget } from './present-budget.ts';

export function getBudget(app: App, api: Api): void {
  app.get(
    '/api/v1/budgets',
    {
      config: { operation: 'budgets.get', scope: 'usage:read' },
      schema: {
        tags: ['money'],
        summary: 'Get the budget of the workspace',
        response: { 200: WorkspaceBudget, ...problems },
      },
    },
    async (request) => presentBudget(api, request.principal.workspaceId),
  );
}
