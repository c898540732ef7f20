import { ApiError } from '@aaas/contract/errors';
import type { App } from '../../api.ts';

// Families of the Managed Agents API that this server does not serve yet.
const FAMILIES = [
  '/v1/agents',
  '/v1/environments',
  '/v1/sessions',
  '/v1/vaults',
  '/v1/files',
  '/v1/deployments',
  '/v1/memory_stores',
  '/v1/skills',
];

export function notAvailable(app: App): void {
  for (const family of FAMILIES) {
    for (const url of [family, `${family}/*`]) {
      app.route({
        method: ['GET', 'POST', 'DELETE'],
        url,
        config: { operation: 'managed.not-available', scope: 'agents:read' },
        schema: { hide: true },
        handler: async (request) => {
          throw new ApiError('not_available_yet', `${request.method} ${url} is not available yet.`);
        },
      });
    }
  }
}
