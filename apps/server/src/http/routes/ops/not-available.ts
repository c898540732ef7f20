import { ApiError } from '@aaas/contract/errors';
import type { App } from '../../api.ts';

// Announced parts of the operations API that this server does not serve yet.
const ROUTES = [['GET', '/api/v1/fleet/autoscaler']] as const;

export function notAvailable(app: App): void {
  for (const [method, url] of ROUTES) {
    app.route({
      method,
      url,
      config: { operation: 'not-available', scope: 'agents:read' },
      schema: { hide: true },
      handler: async () => {
        throw new ApiError('not_available_yet', `${method} ${url} is not available yet.`);
      },
    });
  }
}
