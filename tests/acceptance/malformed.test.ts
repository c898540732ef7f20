import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { deep, type OddRequest, type Operation, oddRequest } from '../support/malformed-requests.ts';
import { randomSource } from '../support/nasty-values.ts';
import { type Platform, until } from '../support/platform.ts';
import { type RawClient, type RawResponse, rawClient, sendBytes } from '../support/raw-http.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const REQUESTS = 3_000;
const AT_ONCE = 8;
const SEED = Number(process.env.MALFORMED_SEED ?? Date.now() % 2 ** 32);
/** What is open to everybody. */
const PUBLIC = /^GET (\/|\/health.*|\/docs.*|\/openapi\.json)$/;
/** Announced parts that the description leaves out. */
const UNLISTED = [
  'GET /api/v1/fleet',
  'POST /v1/agents',
  'GET /v1/environments/{id}',
  'POST /v1/sessions',
  'DELETE /v1/sessions/{session_id}',
  'GET /v1/files',
];

let platform: Platform;
let client: RawClient;
let operations: Operation[];
let live: DeployedAgent;
let stopped: DeployedAgent;
beforeAll(async () => {
  // What happens to be a good message is not to keep the agent busy for minutes.
  platform = await startTestPlatform({ MAX_QUEUED_MESSAGES: '10', RECOVERY_BACKOFF_SECONDS: '0' });
  client = rawClient(platform.url);
  operations = [...operationsOf(await platform.json('GET', '/openapi.json')), ...UNLISTED.map(unlisted)];
  live = await deployAgent(platform);
  stopped = await deployAgent(platform, {}, false);
  await live.say('hello');
});
afterAll(() => platform?.dispose());

it('describes every operation it has', () => {
  const known = operations.map(({ method, path }) => `${method} ${path}`);
  for (const name of [
    'POST /api/v1/agents',
    'POST /api/v1/agents/{agent_id}/messages',
    'GET /v1/sessions/{session_id}/events',
  ]) {
    expect(known).toContain(name);
  }
});

describe('has an error of its own for', () => {
  const agents = '/api/v1/agents';
  const create = (config: object) => JSON.stringify({ config: { agent_type: 'custom', ...config }, auto_start: false });
  const cases: [string, string, string, string | null, number[]][] = [
    ['a path that is no text', 'GET', `${agents}/%ff`, null, [400, 404]],
    ['the same under /v1', 'GET', '/v1/sessions/%ff', null, [400, 404]],
    ['an id of 5,000 characters', 'GET', `${agents}/${'a'.repeat(5_000)}`, null, [404, 414]],
    ['the same under /v1', 'GET', `/v1/sessions/${'a'.repeat(5_000)}`, null, [404, 414, 501]],
    ['a query of 20,000 characters', 'GET', `${agents}?limit=${'1'.repeat(20_000)}`, null, [414, 431]],
    ['half a character in a name', 'POST', agents, create({ name: 'x\ud800' }), [422]],
    ['half a character in a prompt', 'POST', agents, create({ system_prompt: 'x\ud800' }), [422]],
    ['half a character in a variable', 'POST', agents, create({ env: { A: '\udc00' } }), [422]],
    ['NUL in a prompt', 'POST', agents, create({ system_prompt: 'x\u0000' }), [422]],
    ['a body of 100,000 brackets', 'POST', agents, deep(100_000), [400, 422]],
    [
      'a context of 100,000 brackets',
      'POST',
      `${agents}/{agent}/messages`,
      `{"message":"x","context":{"a":${deep(100_000)}}}`,
      [400, 422],
    ],
    ['a prototype as a key', 'POST', agents, '{"__proto__":{},"config":{"agent_type":"custom"}}', [400, 422]],
    ['a method that a path has not', 'PUT', agents, '{}', [404, 405]],
  ];
  it.each(cases)('%s: %s', async (_, method, path, text, statuses) => {
    const odd = {
      method,
      path: path.replace('{agent}', live.id),
      headers: { 'x-api-key': platform.key, ...(text === null ? {} : { 'content-type': 'application/json' }) },
      body: text === null ? null : Buffer.from(text),
    };
    const response = await client.send(odd.method, odd.path, odd.headers, odd.body);
    expect(statuses).toContain(response.status);
    expect(faultOf(odd, response)).toBe(null);
  });
});

it('says in words what is wrong and what would be right', async () => {
  const detailOf = async (method: string, path: string, body?: unknown) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { 'x-api-key': platform.key, 'content-type': 'application/json' };
    const answer = await client.send(method, path, headers, body === undefined ? null : Buffer.from(text));
    return JSON.parse(answer.text).detail;
  };
  const env = (name: string) => ({ config: { agent_type: 'custom', env: { [name]: 'x' } } });
  const agents = '/api/v1/agents';
  expect([
    await detailOf('POST', agents, env('NOT-A-NAME')),
    await detailOf('POST', agents, env('PATH')),
    await detailOf('POST', '/api/v1/keys', {}),
    await detailOf('GET', `${agents}?created_after=yesterday`),
    await detailOf('GET', `${live.path}/versions/newest`),
    await detailOf('POST', '/api/v1/keys', '{"name": "x",}'),
  ]).toEqual([
    'config.env.NOT-A-NAME: must be letters, digits and underscores.',
    'config.env.PATH: is reserved by the platform; choose another name.',
    'name: is missing.',
    'querystring.created_after: must be a time such as 2026-01-31T12:00:00Z.',
    'params.version: must be a number.',
    expect.stringMatching(/^The body is not valid JSON: .* at position 13 .*\.$/),
  ]);
});

it('takes no bytes that are not UTF-8, and no other type than JSON', async () => {
  const send = (type: string, body: Buffer) =>
    client.send('POST', '/api/v1/keys', { 'x-api-key': platform.key, 'content-type': type }, body);
  const latin1 = await send('application/json', Buffer.from('{"name":"caf\u00e9"}', 'latin1'));
  expect([latin1.status, JSON.parse(latin1.text).code]).toEqual([400, 'malformed_json']);
  for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded']) {
    expect([type, (await send(type, Buffer.from('{"name":"x"}'))).status]).toEqual([type, 415]);
  }
});

it(`answers ${REQUESTS} malformed requests (seed ${SEED}) with errors that say what is wrong`, {
  timeout: 180_000,
}, async () => {
  console.log(`malformed requests: MALFORMED_SEED=${SEED}`);
  const random = randomSource(SEED);
  const known = {
    agent_id: [live.id, stopped.id],
    session_id: [live.sessionId, stopped.sessionId],
    turn_id: [(await platform.json('GET', `${live.path}/messages`)).data[0].turn_id],
  };
  // One sample of each kind is enough to find the cause.
  const faults: Record<string, string> = {};
  const blame = (fault: string, odd: OddRequest, what: string) => {
    faults[fault] = `${show(odd)} -> ${what.slice(0, 300)}`;
  };
  const statuses = new Map<number, number>();
  // A node that drains runs nothing, and whoever waits for an answer would wait for ever.
  const harmless = operations.filter(({ path }) => path !== '/api/v1/fleet/drain');
  let left = REQUESTS;
  const work = async () => {
    while (left-- > 0) {
      const odd = oddRequest(random, random.pick(harmless), known);
      const response = await client
        .send(odd.method, odd.path, { 'x-api-key': platform.key, prefer: 'respond-async', ...odd.headers }, odd.body)
        .catch((error: Error) => error);
      if (response instanceof Error) {
        blame('no answer', odd, response.message);
        continue;
      }
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      const fault = faultOf(odd, response);
      if (fault) blame(fault, odd, response.text);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log('answers by status:', Object.fromEntries([...statuses].toSorted(([a], [b]) => a - b)));
  expect(faults).toEqual({});
  // Else the generator has grown tame.
  for (const status of [202, 400, 404, 415, 422]) expect(statuses.get(status) ?? 0).toBeGreaterThan(10);
});

it('lets nobody in without a key, or with a wrong one', async () => {
  for (const { method, path } of operations) {
    const isPublic = PUBLIC.test(`${method} ${path}`);
    const url = path.replace(/\{\w+\}/g, live.id);
    for (const headers of [
      {},
      { 'x-api-key': 'wrong' },
      { authorization: 'Bearer ' },
      { authorization: `Basic ${platform.key}` },
      { 'x-api-key': '\u00ff'.repeat(3_000) },
    ]) {
      const response = await client.send(method, url, headers, null);
      expect([method, path, headers, response.status < 400 || response.status]).toEqual([
        method,
        path,
        headers,
        isPublic || 401,
      ]);
      if (!isPublic) expect(faultOf({ method, path: url, headers, body: null }, response)).toBe(null);
    }
  }
});

it('refuses a body of 33 MB, announced or not', async () => {
  const body = Buffer.alloc(33 * 1024 * 1024, 'x');
  const headers = { 'x-api-key': platform.key, 'content-type': 'application/json' };
  for (const path of ['/api/v1/agents', `/v1/sessions/${live.sessionId}/events`]) {
    const announced = `POST ${path} HTTP/1.1\r\nhost: x\r\nx-api-key: ${platform.key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    expect(await sendBytes(platform.url, announced)).toMatch(/^HTTP\/1\.1 413 [\s\S]*The body is larger than 32 MiB\./);
    const chunked = await fetch(`${platform.url}${path}`, {
      method: 'POST',
      headers,
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit).catch(() => null);
    // The server may close the connection before all is sent; then there is no answer to read.
    if (chunked) expect(chunked.status).toBe(413);
  }
});

it('survives what is not HTTP', async () => {
  const long = 'x'.repeat(100_000);
  const nonsense: (string | Buffer)[] = [
    '\r\n\r\n\r\n',
    'hello\r\n\r\n',
    'GET\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /\u0000 HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET /a b c HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET http://[::1 HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET //evil.example/api/v1/agents HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET http://evil.example/api/v1/agents HTTP/1.1\r\nhost: x\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n',
    'CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
    `GET /${long} HTTP/1.1\r\nhost: x\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: x\r\nx: ${long}\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(20_000)}\r\n`,
    'GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: x\r\nx: \u0000\r\n\r\n',
    'POST /api/v1/agents HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
    'POST /api/v1/agents HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello',
    'POST /api/v1/agents HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /api/v1/agents HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n',
    'POST /api/v1/agents HTTP/1.1\r\nhost: x\r\ntransfer-encoding: nonsense\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc]),
    Buffer.alloc(200_000, 0xff),
  ];
  const answers = await Promise.all(nonsense.map((bytes) => sendBytes(platform.url, bytes)));
  for (const [index, answer] of answers.entries()) {
    expect([nonsense[index]?.toString().slice(0, 80), answer.slice(0, 60)]).toEqual([
      expect.anything(),
      expect.not.stringMatching(/^HTTP\/1\.1 5/),
    ]);
  }
  expect(await platform.json('GET', '/health')).toMatchObject({ status: 'ok' });
});

it('serves others while connections that never finish are open', async () => {
  const { hostname, port } = new URL(platform.url);
  const idle = Array.from({ length: 200 }, () => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write('POST /api/v1/agents HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
    return socket;
  });
  expect(await platform.json('GET', '/health')).toMatchObject({ status: 'ok' });
  for (const socket of idle) socket.destroy();
});

// The last one: it looks at what all the others have done.
it('is as healthy afterwards as before', async () => {
  expect(await platform.json('GET', '/health/ready')).toMatchObject({ status: 'ok', database: 'ok' });
  // An empty body may have drained the node.
  await platform.json('POST', '/api/v1/fleet/drain', { undo: true });
  await until(async () => (await live.view()).messages_waiting === 0, 60_000);
  expect((await live.say('still there?')).response).toMatch(/still there\?$/);
  expect(({} as { admin?: boolean }).admin).toBe(undefined);
  const failures = platform
    .output()
    .split('\n')
    .filter((line) => /"level":[56]0/.test(line) && !line.includes('not available yet'));
  expect(failures.map((line) => line.slice(0, 500)).slice(0, 5)).toEqual([]);
});

/** What is wrong with an answer; null: nothing. */
function faultOf(request: OddRequest, { status, headers, text }: RawResponse): string | null {
  if (status < 400) return null;
  if (!headers['request-id']) return `${status} without request-id`;
  if (request.method === 'HEAD') return status >= 500 && status !== 501 ? `status ${status}` : null;
  const body = parse(text);
  if (!body) return `${status} without a JSON body`;
  // Who sends no proper HTTP has no path yet; either shape will do.
  const isManaged =
    (/^\/v1(\/|\?|$)/.test(request.path) && !(status === 431 || /[^\x21-\x7e]/.test(request.path))) ||
    body.type === 'error';
  const said = isManaged ? body.error?.message : body.detail;
  if (typeof said !== 'string' || said === '' || typeof body.request_id !== 'string')
    return `${status} without a sentence or a request_id`;
  if (isManaged && (body.type !== 'error' || typeof body.error.type !== 'string'))
    return `${status} not in the shape of the managed API`;
  if (!isManaged && (typeof body.code !== 'string' || body.status !== status))
    return `${status} without its code and status`;
  if (!isManaged && !headers['content-type']?.startsWith('application/problem+json'))
    return `${status} not as problem+json`;
  if (/node_modules|\bat \/|select .* from|syntax error at/.test(text)) return `${status} shows the inside`;
  if (status === 501) return said.includes('not available yet') ? null : 'a 501 that nobody announced';
  return status >= 500 ? `status ${status}` : null;
}

function operationsOf(description: {
  paths: Record<string, Record<string, { parameters?: { in: string; name: string }[]; requestBody?: unknown }>>;
}): Operation[] {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      query: (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'query')
        .map((parameter) => parameter.name),
      hasBody: operation.requestBody !== undefined,
    })),
  );
}

function unlisted(name: string): Operation {
  const [method = '', path = ''] = name.split(' ');
  return { method, path, query: [], hasBody: method !== 'GET' };
}

function show({ method, path, headers, body }: OddRequest): string {
  return `${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 200)} ${body?.toString().slice(0, 300) ?? ''}`;
}

function parse(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
