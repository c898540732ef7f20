import { ApiError } from '@aaas/contract/errors';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../../access/authenticate.ts';
import { DEFAULT_WORKSPACE } from '../../access/default-workspace.ts';
import { holds } from '../../access/scopes.ts';
import type { Api, App } from '../api.ts';

/** Refuses to start with a route that names no scope, and to answer a caller without a good key. */
export function authentication(app: App, api: Api): void {
  app.decorateRequest('principal');
  app.addHook('onRoute', ({ method, url, config }) => {
    // Forgetting a scope must not open a route, nor close it unnoticed.
    if (config?.scope === undefined) throw new Error(`${method} ${url} names no scope`);
  });
  app.addHook('onRequest', async (request) => {
    const { scope } = request.routeOptions.config;
    if (request.is404 || scope === null) return;
    // Routes from before the check above.
    if (scope === undefined)
      throw new ApiError('not_found', `There is no ${request.method} ${request.url}. See /docs.`);
    request.principal = await principalOf(api, request);
  });
}

/** Refuses every caller whose key has not the scope that the route names. */
export function authorization(app: App): void {
  app.addHook('onRequest', async (request) => {
    const { scope } = request.routeOptions.config;
    if (request.is404 || !scope || scope === 'any' || holds(request.principal.scopes, scope)) return;
    throw new ApiError('missing_scope', `This needs the scope ${scope}. Use a key that has it.`);
  });
}

/** Who comes without a key where none is needed. */
export const ANYBODY: Principal = { keyId: 'anonymous', workspaceId: DEFAULT_WORKSPACE, scopes: ['*'], test: false };

async function principalOf(api: Api, request: FastifyRequest): Promise<Principal> {
  const key = keyOf(request);
  const principal = key === null ? null : await api.access.authenticate(key);
  if (principal) return principal;
  if (!api.settings.REQUIRE_API_KEY) return ANYBODY;
  if (key === null) {
    throw new ApiError('authentication_required', 'Send an API key as X-API-Key, or as Authorization: Bearer.');
  }
  throw new ApiError('invalid_api_key', 'The API key is unknown, expired or revoked. Check it, or ask for a new one.');
}

/** The API key that came with a request; null when there is none. */
export function keyOf(request: FastifyRequest): string | null {
  const header = request.headers['x-api-key'];
  if (typeof header === 'string' && header !== '') return header;
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]?.trim() ?? null;
}
