import { expect, test } from 'vitest';
import { routeOf } from './routes.ts';

test.each([
  ['POST', '/v1/messages', 'message'],
  ['POST', '/v1/messages?beta=true', 'message'],
  ['POST', '/v1/messages/count_tokens?beta=true', 'plain'],
  ['GET', '/v1/models', 'plain'],
  ['GET', '/v1/models?limit=1000', 'plain'],
  ['GET', '/v1/models/claude-sonnet-4-5-20250929', 'plain'],
  ['GET', '/', 'alive'],
  ['HEAD', '/', 'alive'],
  ['HEAD', '/api/hello', 'alive'],
  ['GET', '/api/hello?x', 'alive'],
])('%s %s is served as %s', (method, target, kind) => {
  const route = routeOf(method, target);
  expect(route.kind).toBe(kind);
  if (route.kind === 'message' || route.kind === 'plain') expect(route.path).toBe(target);
});

test.each([
  ['GET', '/v1/messages'],
  ['PUT', '/v1/messages'],
  ['POST', '/v1/messages/'],
  ['POST', '/v1/messages/batches'],
  ['POST', '//v1/messages'],
  ['POST', '/v1/complete'],
  ['POST', 'http://elsewhere.example/v1/messages'],
  ['DELETE', '/v1/models/x'],
  ['GET', '/v1/models/'],
  ['GET', '/v1/models/../files'],
  ['GET', '/v1/models/..'],
  ['GET', '/v1/models/%2e%2e'],
  ['GET', '/v1/models/a/b'],
  ['GET', '/v1/modelsx'],
  ['GET', '/v1/files'],
  ['GET', '/v1/organizations/api_keys'],
  ['POST', '/api/hello'],
  ['OPTIONS', '*'],
  [undefined, undefined],
])('%s %s is out of reach', (method, target) => {
  expect(routeOf(method, target)).toEqual({ kind: 'unknown' });
});
