import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { MAX_BODY_BYTES, MAX_OPEN_REQUESTS_PER_SESSION } from './limits.ts';
import {
  addSession,
  eventually,
  ledgerOf,
  ledgerWith,
  PROVIDER_KEY,
  startTestGateway,
  type TestGateway,
  type TestSession,
} from './testing.ts';
import { ASK, ask } from './testing-client.ts';
import { type Act, fail, MESSAGE, SSE_HEADERS, sse, streamMessage } from './testing-upstream.ts';

let database: TestDatabase;
let session: TestSession;
let t: TestGateway;
let now: number;

beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database?.close());
beforeEach(async () => {
  now = 1_000_000;
  session = await addSession(database.pool);
  t = await startTestGateway(database.pool, { retry: { now: () => now } });
  t.upstream.play(streamMessage);
});
afterEach(() => t?.close());

async function refused(asking: ReturnType<typeof ask>) {
  const answer = await asking;
  return { status: answer.status, type: JSON.parse(await answer.whole()).error.type };
}

test('without a token, and with one that is not ours, nothing reaches the upstream', async () => {
  const token = t.token(session.sessionId);
  for (const bad of [null, 'sk-ant-x', `${token}x`, token.replace('.1.', '.2.'), PROVIDER_KEY]) {
    expect(await refused(ask(t, bad))).toEqual({ status: 401, type: 'authentication_error' });
  }
  expect(t.upstream.seen).toEqual([]);
  expect(t.log.join('')).not.toContain(token);
});

test('the token may come as bearer', async () => {
  const headers = { authorization: `Bearer ${t.token(session.sessionId)}` };
  expect((await ask(t, null, { headers })).status).toBe(200);
  expect(t.upstream.seen[0]?.headers).not.toHaveProperty('authorization');
});

test('a session that is not there, or in another generation, is refused', async () => {
  const no = { status: 403, type: 'permission_error' };
  expect(await refused(ask(t, t.token('sesn_none')))).toEqual(no);
  expect(await refused(ask(t, t.token(session.sessionId, 2)))).toEqual(no);
  expect(await refused(ask(t, t.token(session.sessionId, 0)))).toEqual(no);
  expect(t.upstream.seen).toEqual([]);
});

test('a process that lost its session is refused within two seconds; the new one is served', async () => {
  const token = t.token(session.sessionId);
  expect((await ask(t, token)).status).toBe(200);
  await database.pool.query('update session_heads set generation = 2 where session_id = $1', [session.sessionId]);
  expect((await ask(t, t.token(session.sessionId, 2))).status).toBe(200);
  now += 1_999;
  expect((await ask(t, token)).status).toBe(200);
  now += 1;
  expect(await refused(ask(t, token))).toEqual({ status: 403, type: 'permission_error' });
  expect(await refused(ask(t, token))).toEqual({ status: 403, type: 'permission_error' });
});

test('a stream whose session is taken over or given up is cut off', async () => {
  await t.close();
  t = await startTestGateway(database.pool, { watchMs: 20, retry: { now: () => now } });
  const endless: Act = (res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.slice(0, 4).join(''));
  };
  t.upstream.play(endless);
  const other = await addSession(database.pool);
  for (const [lost, statement] of [
    [session, 'update session_heads set generation = 2 where session_id = $1'],
    [other, 'update session_heads set owner = null where session_id = $1'],
  ] as const) {
    const kept = await ask(t, t.token((await addSession(database.pool)).sessionId));
    const answer = await ask(t, t.token(lost.sessionId));
    await answer.until((text) => text.includes('delta'));
    const waiting = ask(t, t.token(lost.sessionId), { path: '/v1/messages/count_tokens' });
    waiting.catch(() => {});
    await eventually(() => t.upstream.seen.length % 3 === 0);
    await database.pool.query(statement, [lost.sessionId]);
    await expect(answer.whole()).rejects.toThrow();
    expect(await ledgerWith(database.pool, lost.sessionId, 1)).toMatchObject([{ generation: 1, stop_reason: null }]);
    // Others go on.
    expect(kept.text()).toContain('delta');
    kept.leave();
    now += 2_000;
    expect(await refused(ask(t, t.token(lost.sessionId)))).toEqual({
      status: 403,
      type: 'permission_error',
    });
    t.upstream.seen.length = 0;
  }
});

test('no other route of the upstream can be reached', async () => {
  const token = t.token(session.sessionId);
  for (const [method, path] of [
    ['POST', '/v1/messages/batches'],
    ['GET', '/v1/models/..%2ffiles'],
    ['GET', '/v1/models/../files'],
    ['DELETE', '/v1/models/x'],
    ['POST', '/v1/files'],
    ['GET', '/metrics'],
  ] as const) {
    expect(await refused(raw(method, path, token)), path).toEqual({ status: 404, type: 'not_found_error' });
  }
  expect(t.upstream.seen).toEqual([]);
});

// As `ask`, but the path is sent as it stands.
function raw(method: string, path: string, token: string): ReturnType<typeof ask> {
  return new Promise((resolve, reject) => {
    const { port } = t.gateway;
    request({ host: '127.0.0.1', port, method, path, headers: { 'x-api-key': token } }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => {
        const whole = async () => Buffer.concat(chunks).toString();
        resolve({ status: res.statusCode, whole } as Awaited<ReturnType<typeof ask>>);
      });
    })
      .on('error', reject)
      .end();
  });
}

test('it says that it is alive to anybody', async () => {
  for (const path of ['/', '/api/hello']) {
    for (const method of ['GET', 'HEAD']) expect((await ask(t, null, { path, method })).status).toBe(200);
  }
  expect(t.upstream.seen).toEqual([]);
});

test('count_tokens and models are passed on, and are not in the ledger', async () => {
  const token = t.token(session.sessionId);
  const count: Act = (res) => void res.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":7}');
  t.upstream.play(fail(529), count);
  const counted = await ask(t, token, { path: '/v1/messages/count_tokens?beta=true' });
  expect(await counted.whole()).toBe('{"input_tokens":7}');
  expect(t.upstream.seen[1]).toMatchObject({ method: 'POST', url: '/v1/messages/count_tokens?beta=true' });
  expect(t.upstream.seen[1]?.body.toString()).toBe(JSON.stringify(ASK));
  const models = await ask(t, token, { method: 'GET', path: '/v1/models/claude-opus-5?x=1' });
  expect(models.status).toBe(200);
  expect(t.upstream.seen[2]).toMatchObject({ method: 'GET', url: '/v1/models/claude-opus-5?x=1' });
  expect(await ledgerOf(database.pool, session.sessionId)).toEqual([]);
});

test.each(['content-length', 'chunked'])('a body that is too large is refused with an answer (%s)', async (how) => {
  const body = Buffer.alloc(MAX_BODY_BYTES + 1, 'x');
  const headers: Record<string, string> = how === 'chunked' ? { 'transfer-encoding': 'chunked' } : {};
  const answer = await ask(t, t.token(session.sessionId), { body, headers });
  expect(answer.status).toBe(413);
  expect(answer.headers['x-should-retry']).toBe('false');
  expect(JSON.parse(await answer.whole()).error.type).toBe('request_too_large');
  expect(t.upstream.seen).toEqual([]);
});

test('a large body passes', async () => {
  const body = JSON.stringify({ ...ASK, messages: [{ role: 'user', content: 'x'.repeat(20_000_000) }] });
  expect((await ask(t, t.token(session.sessionId), { body })).status).toBe(200);
  expect(t.upstream.seen[0]?.body.length).toBe(body.length);
});

test('a body that is no JSON object is refused here', async () => {
  expect(await refused(ask(t, t.token(session.sessionId), { body: 'model=x' }))).toEqual({
    status: 400,
    type: 'invalid_request_error',
  });
  expect(t.upstream.seen).toEqual([]);
});

test('the provider’s key is nowhere in what the client gets, whatever the upstream echoes', async () => {
  const token = t.token(session.sessionId);
  const error = {
    type: 'error',
    error: { type: 'authentication_error', message: `invalid x-api-key: ${PROVIDER_KEY}` },
  };
  const echoes: Act[] = [
    (res) =>
      void res.writeHead(401, { 'request-id': PROVIDER_KEY, 'x-api-key': PROVIDER_KEY }).end(JSON.stringify(error)),
    (res) =>
      void res
        .writeHead(200, { ...SSE_HEADERS, 'anthropic-ratelimit-x': PROVIDER_KEY })
        .end(MESSAGE.slice(0, 2).join('') + sse('error', error)),
    (res) => {
      const bytes = Buffer.from(MESSAGE.slice(0, 2).join('') + sse('error', error));
      res.writeHead(200, SSE_HEADERS);
      const half = bytes.indexOf(PROVIDER_KEY) + 9;
      res.write(bytes.subarray(0, half), () => setImmediate(() => res.end(bytes.subarray(half))));
    },
    (res) => void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(error)),
    (res) => void res.writeHead(302, { location: `http://x/${PROVIDER_KEY}` }).end(PROVIDER_KEY),
  ];
  for (const [index, echo] of echoes.entries()) {
    t.upstream.play(echo);
    const answer = await ask(t, token);
    const text = await answer.whole();
    expect(t.upstream.seen[index]?.headers['x-api-key']).toBe(PROVIDER_KEY);
    expect(text + JSON.stringify(answer.headers), `echo ${index}`).not.toContain('provider-key');
    expect(text.length).toBeGreaterThan(10);
  }
  expect(t.log.join('')).not.toContain('provider-key');
});

test('an upstream without a key gets no credentials', async () => {
  await t.close();
  t = await startTestGateway(database.pool, { apiKey: null });
  t.upstream.play(streamMessage);
  await (await ask(t, t.token(session.sessionId))).whole();
  expect(t.upstream.seen[0]?.headers).not.toHaveProperty('x-api-key');
  expect(t.upstream.seen[0]?.headers).not.toHaveProperty('authorization');
});

test('the temperature of the agent is put into requests that do not think', async () => {
  const warm = await addSession(database.pool, 0.3);
  const token = t.token(warm.sessionId);
  await (await ask(t, token)).whole();
  await (await ask(t, token, { body: { ...ASK, temperature: 1 } })).whole();
  await (
    await ask(t, token, { body: { ...ASK, temperature: 1, thinking: { type: 'enabled', budget_tokens: 1024 } } })
  ).whole();
  await (await ask(t, token, { path: '/v1/messages/count_tokens' })).whole();
  const sent = t.upstream.seen.map(({ body }) => JSON.parse(body.toString()).temperature);
  expect(sent).toEqual([0.3, 0.3, 1, undefined]);
  // A new version that the session was pinned to is in force without a new generation.
  await database.pool.query(`insert into agent_versions values ($1, 2, $2, '{"temperature": 0.9}')`, [
    warm.agentId,
    warm.workspaceId,
  ]);
  await database.pool.query('update sessions set agent_version = 2 where id = $1', [warm.sessionId]);
  now += 2_000;
  await (await ask(t, token)).whole();
  expect(JSON.parse(String(t.upstream.seen.at(-1)?.body)).temperature).toBe(0.9);
});

test('one session cannot take all places', async () => {
  t.upstream.play(() => {});
  const gone = new AbortController();
  const statuses: number[] = [];
  const asked = Array.from({ length: MAX_OPEN_REQUESTS_PER_SESSION + 8 }, async () => {
    const answer = await fetch(`${t.gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': t.token(session.sessionId) },
      body: '{"model":"m"}',
      signal: gone.signal,
    });
    statuses.push(answer.status);
  });
  await eventually(() => t.upstream.seen.length === MAX_OPEN_REQUESTS_PER_SESSION && statuses.length === 8);
  expect(statuses).toEqual(Array(8).fill(429));
  const other = await addSession(database.pool);
  t.upstream.play(streamMessage);
  expect((await ask(t, t.token(other.sessionId))).status).toBe(200);
  gone.abort();
  await Promise.allSettled(asked);
  await ledgerWith(database.pool, session.sessionId, MAX_OPEN_REQUESTS_PER_SESSION);
  expect((await ask(t, t.token(session.sessionId))).status).toBe(200);
});

test('while the database does not answer nobody is let in', async () => {
  await t.close();
  const away = { query: () => Promise.reject(new Error('the database is away')) } as unknown as typeof database.pool;
  t = await startTestGateway(away);
  expect(await refused(ask(t, t.token(session.sessionId)))).toEqual({ status: 503, type: 'api_error' });
  expect(t.upstream.seen).toEqual([]);
});

test('requests that come together ask the database once', async () => {
  await t.close();
  let questions = 0;
  const counted = new Proxy(database.pool, {
    get(pool, name) {
      if (name !== 'query') return Reflect.get(pool, name);
      return (query: { name?: string }) => {
        if (query.name === 'gateway-load-principal' || query.name === 'gateway-check-generation') questions++;
        return pool.query(query as never);
      };
    },
  });
  t = await startTestGateway(counted, { retry: { now: () => now } });
  t.upstream.play(streamMessage);
  const together = () =>
    Promise.all(Array.from({ length: 10 }, async () => (await ask(t, t.token(session.sessionId))).whole()));
  await together();
  await together();
  expect(questions).toBe(1);
  now += 2_000;
  await together();
  expect(questions).toBe(2);
});
