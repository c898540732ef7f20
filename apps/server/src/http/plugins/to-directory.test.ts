import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Api, App } from '../api.ts';
import { toDirectory } from './to-directory.ts';

const PATH = '/api/v1/agents/agent_1/files/f';
let node: Server;
let app: FastifyInstance;
/** What the node where the directory lies was asked, and what it says. */
const asked: { method: string | undefined; headers: IncomingHttpHeaders; body: string }[] = [];
let status = 200;
let address: string;

beforeAll(async () => {
  node = createServer(async (req, res) => {
    asked.push({ method: req.method, headers: req.headers, body: await text(req) });
    res.writeHead(status, { 'retry-after': '5' }).end('said');
  }).listen(0, '127.0.0.1');
  await once(node, 'listening');
  address = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
  const api = {
    ctx: { pool: { query: async () => ({ rows: [{ sessionId: 'sesn_1', nodeId: 'node_2' }] }) } },
    fleet: { nodes: { get: () => ({ id: 'node_2', address }) }, secret: Buffer.alloc(32, 's') },
    directories: null,
    nodeId: 'node_1',
  } as unknown as Api;
  app = Fastify();
  app.decorateRequest('principal');
  app.addHook('onRequest', async (asking) => {
    asking.principal = { keyId: 'key_1', workspaceId: 'wrkspc_1', scopes: [] } as never;
  });
  await toDirectory(app as unknown as App, api);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, body, done) => done(null, body));
  app.route({
    method: ['GET', 'PUT'],
    url: '/api/v1/agents/:agent_id/files/*',
    handler: async () => 'served here',
    config: { operation: 'files.write' } as never,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app?.close();
  node?.closeAllConnections();
  node?.close();
});
beforeEach(() => {
  asked.length = 0;
  status = 200;
});

async function ask(method: string, headers: Record<string, string>, body = ''): Promise<string> {
  const { port } = app.server.address() as AddressInfo;
  const sent = request({ host: '127.0.0.1', port, path: PATH, method, headers, agent: false });
  const answered = once(sent, 'response');
  if (headers.expect) await once(sent, 'continue');
  sent.end(body);
  const [answer] = await answered;
  return `${answer.statusCode} ${await text(answer)}`;
}

it.each([
  ['expect', '100-continue'],
  ['keep-alive', 'timeout=5'],
  ['upgrade', 'h2c'],
  ['te', 'trailers'],
  ['transfer-encoding', 'chunked'],
  ['connection', 'close, x-hop'],
  ['proxy-connection', 'keep-alive'],
])('sends an upload on with %s, which is for one hop, left out', async (name, value) => {
  const headers = {
    'content-type': 'text/plain',
    'x-api-key': 'secret',
    'x-hop': '1',
    'if-match': '"x"',
    [name]: value,
  };
  if (name !== 'transfer-encoding') headers['content-length'] = '7';
  expect(await ask('PUT', headers, 'content')).toBe('200 said');
  expect(asked).toMatchObject([{ method: 'PUT', body: 'content', headers: { 'if-match': '"x"' } }]);
  for (const hidden of ['x-api-key', ...(['connection', 'transfer-encoding'].includes(name) ? [] : [name])])
    expect(asked[0]?.headers).not.toHaveProperty(hidden);
});

it('sends a request on that has a body where none means anything', async () => {
  expect(await ask('GET', { 'content-length': '7' }, 'content')).toBe('200 said');
  expect(await ask('GET', { 'transfer-encoding': 'chunked' }, 'content')).toBe('200 said');
  expect(asked.map(({ body }) => body)).toEqual(['', '']);
});

it('asks once, and hands on that the other node cannot serve now', async () => {
  status = 503;
  expect(await ask('GET', {})).toBe('503 said');
  expect(asked).toHaveLength(1);
});

it('sends nothing to a node whose certificate nobody vouches for', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'aaas-test-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const about = ['-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...about, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const stranger = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (req, res) => {
    asked.push({ method: req.method, headers: req.headers, body: '' });
    res.end('said');
  }).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const before = address;
  try {
    address = `https://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    expect(await ask('GET', {})).toMatch(/^503 /);
    expect(asked).toEqual([]);
  } finally {
    address = before;
    stranger.close();
    rmSync(directory, { recursive: true });
  }
});
