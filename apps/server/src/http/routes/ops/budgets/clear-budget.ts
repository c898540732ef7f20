import { z } from 'zod';
import { clearWorkspaceBudget } from '../../../../gateway/budgets/workspace-budget.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';

export function clearBudget(app: App, api: Api): void {
  app.delete(
    '/api/v1/budgets',
    {
      config: { operation: 'budgets.clear', scope: 'budgets:write' },
      schema: {
        tags: ['money'],
        summary: 'Remove the budget of the workspace',
        description: 'The ceiling of the operator stays.',
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      await clearWorkspaceBudget(api.ctx.pool, request.principal.workspaceId, 'workspace');
      return reply.code(204).send(null);
    },
  );
}
