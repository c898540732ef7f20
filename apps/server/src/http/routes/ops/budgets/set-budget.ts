import { WorkspaceBudget, WorkspaceLimits } from '@aaas/contract/budgets';
import { setWorkspaceBudget } from '../../../../gateway/budgets/workspace-budget.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { presentBudget } from './present-budget.ts';

export function setBudget(app: App, api: Api): void {
  app.put(
    '/api/v1/budgets',
    {
      config: { operation: 'budgets.set', scope: 'budgets:write' },
      schema: {
        tags: ['money'],
        summary: 'Set the budget of the workspace',
        description:
          'Replaces all its limits; in force within two seconds. The ceiling of the operator holds beside them, whatever is set here.',
        body: WorkspaceLimits,
        response: { 200: WorkspaceBudget, ...problems },
      },
    },
    async (request) => {
      const { workspaceId, keyId } = request.principal;
      await setWorkspaceBudget(api.ctx.pool, { workspaceId, setBy: 'workspace', keyId }, request.body, api.ctx.now());
      return presentBudget(api, workspaceId);
    },
  );
}
