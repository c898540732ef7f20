import { Settings } from '@aaas/contract/settings';
import type { Api } from '@aaas/server/http/api';
import { createApp } from '@aaas/server/http/create-app';
import { createLogger } from '@aaas/server/telemetry/logger';

/** The OpenAPI document of the API as the sources have it. No server runs: routes are registered and never called. */
export async function openapiDocument(): Promise<object> {
  const uncalled: unknown = new Proxy({}, { get: () => uncalled });
  const ctx = { log: createLogger('silent'), pool: uncalled };
  const api = { ctx, settings: Settings.parse({}), version: '0', roles: ['api'] };
  const app = await createApp(api as unknown as Api);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
