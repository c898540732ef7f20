import { ApiError } from '@aaas/contract/errors';
import { AttemptGuard } from '../../limits/attempt-guard.ts';
import type { Api, App } from '../api.ts';
import { keyOf } from './authentication.ts';

/** Refuses addresses from which too many requests without a valid key came. Register it before authentication. */
export function attempts(app: App, api: Api): void {
  const guard = new AttemptGuard();
  app.addHook('onRequest', async (request) => {
    const { RATE_LIMIT_ENABLED: enabled, RATE_LIMIT_FAILED_AUTH: max } = api.settings;
    if (!enabled || !api.settings.REQUIRE_API_KEY || !request.routeOptions.config.scope) return;
    const waitMs = guard.refusedMs(request.ip, keyOf(request), max);
    if (waitMs === 0) return;
    api.ctx.metrics.limitReached('failed-auth');
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    throw new ApiError(
      'rate_limited',
      `More than ${max} requests a minute without a valid API key came from your address. Check the key and try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  });
  app.addHook('onError', async (request, _reply, error) => {
    if (error instanceof ApiError && error.status === 401) guard.failed(request.ip, keyOf(request));
  });
  app.addHook('preHandler', async (request) => {
    const key = request.principal ? keyOf(request) : null;
    if (key !== null) guard.succeeded(key);
  });
}
