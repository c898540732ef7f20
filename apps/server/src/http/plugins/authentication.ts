import { ApiError } from '@aaas/contract/errors';
import type { FastifyRequest } from 'fastify';
import type { Api, App } from '../api.ts';

/** Refuses every route that names no scope, and every caller whose key has not the one it names. */
export function authentication(app: App, api: Api): void {
  app.decorateRequest('principal');
  app.addHook('onRequest', async (request) => {
    const { scope } = request.routeOptions.config;
    if (request.is404 || scope === null) return;
    // A route that says nothing is closed: forgetting a scope must not open it.
    if (scope === undefined) throw new ApiError('missing_scope', 'This route is closed.');
    request.principal = api.settings.REQUIRE_API_KEY
      ? await authenticate(api, request)
      : { keyId: 'anonymous', workspaceId: 'wrkspc_default', scopes: ['*'] };
    if (!request.principal.scopes.includes('*') && !request.principal.scopes.includes(scope)) {
      throw new ApiError('missing_scope', `This needs the scope ${scope}. Use a key that has it.`);
    }
  });
}

async function authenticate(api: Api, request: FastifyRequest) {
  const key = keyOf(request);
  if (key === null) {
    throw new ApiError('authentication_required', 'Send an API key as X-API-Key, or as Authorization: Bearer.');
  }
  const principal = await api.authenticate(key);
  if (!principal)
    throw new ApiError(
      'invalid_api_key',
      'The API key is unknown, expired or revoked. Check it, or ask for a new one.',
    );
  return principal;
}

function keyOf(request: FastifyRequest): string | null {
  const header = request.headers['x-api-key'];
  if (typeof header === 'string' && header !== '') return header;
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]?.trim() ?? null;
}
