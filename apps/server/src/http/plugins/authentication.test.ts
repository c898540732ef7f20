import Fastify from 'fastify';
import { expect, it } from 'vitest';
import type { Api, App } from '../api.ts';
import { authentication, authorization } from './authentication.ts';

function newApp(): App {
  const app = Fastify() as unknown as App;
  const principal = { keyId: 'apikey_x', workspaceId: 'wrkspc_x', scopes: ['agents:read'], test: false };
  const access = { authenticate: async (key: string) => (key === 'good' ? principal : null), forget: () => {} };
  authentication(app, { access, settings: { REQUIRE_API_KEY: true } } as unknown as Api);
  authorization(app);
  return app;
}

it('does not start with a route that names no scope', () => {
  expect(() => newApp().get('/forgotten', async () => 'open')).toThrow('GET /forgotten names no scope');
});

it('lets in who has the scope that a route names, by either header, and tells the others which', async () => {
  const app = newApp();
  app.get('/read', { config: { scope: 'agents:read' } }, async (request) => request.principal.workspaceId);
  app.get('/write', { config: { scope: 'agents:write' } }, async () => 'written');
  app.get('/any', { config: { scope: 'any' } }, async () => 'any');
  app.get('/open', { config: { scope: null } }, async () => 'open');
  const get = async (url: string, headers: Record<string, string> = {}) => {
    const { statusCode, body } = await app.inject({ url, headers });
    return [statusCode, body];
  };
  expect(await get('/read', { 'x-api-key': 'good' })).toEqual([200, 'wrkspc_x']);
  expect(await get('/read', { authorization: 'bearer good' })).toEqual([200, 'wrkspc_x']);
  expect(await get('/write', { 'x-api-key': 'good' })).toEqual([403, expect.stringContaining('agents:write')]);
  expect(await get('/any', { 'x-api-key': 'good' })).toEqual([200, 'any']);
  expect(await get('/open')).toEqual([200, 'open']);
  for (const [url, headers] of [
    ['/read', {}],
    ['/any', {}],
    ['/read', { 'x-api-key': 'bad' }],
    ['/read', { authorization: 'Basic good' }],
  ] as const) {
    expect((await get(url, headers))[0]).not.toBe(200);
  }
});
