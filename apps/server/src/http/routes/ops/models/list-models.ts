import { ModelList } from '@aaas/contract/models';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';

export function listModels(app: App, api: Api): void {
  app.get(
    '/api/v1/models',
    {
      config: { operation: 'models.list', scope: 'agents:read' },
      schema: {
        tags: ['models'],
        summary: 'List the models that agents may use, with who serves them and what they cost',
        response: { 200: ModelList, ...problems },
      },
    },
    (request) => api.models.list(request.principal.workspaceId),
  );
}
