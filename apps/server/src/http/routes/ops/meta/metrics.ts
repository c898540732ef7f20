import { ApiError } from '@aaas/contract/errors';
import type { Api, App } from '../../../api.ts';

export function metrics(app: App, api: Api): void {
  app.get(
    '/metrics',
    {
      config: { operation: 'metrics', scope: 'platform:read', rate: 'none' },
      schema: { tags: ['platform'], summary: 'Metrics of this process, as Prometheus reads them' },
    },
    async (_request, reply) => {
      if (!api.settings.METRICS_ENABLED) throw new ApiError('not_found', 'METRICS_ENABLED is false on this server.');
      const text = await api.registry.metrics();
      return reply.type(api.registry.contentType).serializer(String).send(text);
    },
  );
}
