import { Info } from '@aaas/contract/operations-api';
import type { Api, App } from '../../../api.ts';

export function info(app: App, api: Api): void {
  app.get(
    '/',
    {
      config: { operation: 'info', scope: null },
      schema: { tags: ['platform'], summary: 'What this is; a browser is sent to /docs', response: { 200: Info } },
    },
    async (request, reply) => {
      if (request.headers.accept?.includes('text/html')) return reply.redirect('/docs');
      return {
        name: 'AaaS',
        version: api.version,
        simulated: api.simulated(),
        docs: '/docs',
        openapi: '/openapi.json',
        health: '/health',
      };
    },
  );
}
