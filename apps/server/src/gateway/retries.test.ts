import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import type { GatewayOptions } from './gateway-options.ts';
import {
  addSession,
  eventually,
  ledgerOf,
  ledgerWith,
  startTestGateway,
  type TestGateway,
  type TestSession,
} from './testing.ts';
import { ASK, ask } from './testing-client.ts';
import { type Act, fail, MESSAGE, SSE_HEADERS, sse, streamMessage } from './testing-upstream.ts';

let database: TestDatabase;
let session: TestSession;
let t: TestGateway;
let token: string;

/** Time that passes only in pauses. */
let now: number;
let pauses: number[];
const virtualTime: GatewayOptions['retry'] = {
  now: () => now,
  random: () => 0.5,
  async sleep(ms) {
    pauses.push(ms);
    now += ms;
  },
};

async function start(retry: GatewayOptions['retry'] = virtualTime): Promise<void> {
  t = await startTestGateway(database.pool, { retry: { ...retry } });
  token = t.token(session.sessionId);
}

beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database?.close());
beforeEach(async () => {
  now = 1_000_000;
  pauses = [];
  session = await addSession(database.pool);
});
afterEach(() => t?.close());

const reset: Act = (res) => void res.destroy();
const afterHeaders: Act = (res) => {
  res.writeHead(200, SSE_HEADERS).flushHeaders();
  setImmediate(() => res.destroy());
};
const overloadedStream: Act = (res) => {
  res.writeHead(200, SSE_HEADERS).end(sse('error', { error: { type: 'overloaded_error', message: 'Overloaded' } }));
};

test.each([
  ['429', fail(429)],
  ['500', fail(500)],
  ['502', fail(502)],
  ['503', fail(503)],
  ['504', fail(504)],
  ['529', fail(529)],
  ['a reset connection', reset],
  ['a stream that breaks before its first byte', afterHeaders],
  ['an empty stream', ((res) => void res.writeHead(200, SSE_HEADERS).end()) as Act],
  ['a stream that starts with overloaded_error', overloadedStream],
])('%s is tried again, and the client sees only the answer', async (_, act) => {
  await start();
  t.upstream.play(act, act, streamMessage);
  const answer = await ask(t, token);
  expect(answer.status).toBe(200);
  expect(await answer.whole()).toBe(MESSAGE.join(''));
  expect(pauses).toEqual([250, 500]);
  expect(t.upstream.seen.map(({ body }) => body.toString())).toEqual(Array(3).fill(JSON.stringify(ASK)));
  const rows = await ledgerOf(database.pool, session.sessionId);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ status: 200, attempts: 3, stop_reason: 'end_turn' });
});

test('after five retries the last error is passed on, and nobody is to try again', async () => {
  await start();
  t.upstream.play(fail(529, { 'anthropic-ratelimit-requests-remaining': '0' }, 'overloaded_error'));
  const answer = await ask(t, token);
  expect(answer.status).toBe(529);
  expect(answer.headers).toMatchObject({
    'x-should-retry': 'false',
    'request-id': 'req_failed',
    'anthropic-ratelimit-requests-remaining': '0',
  });
  expect(JSON.parse(await answer.whole())).toEqual({
    type: 'error',
    error: { type: 'overloaded_error', message: 'scripted 529' },
  });
  expect(t.upstream.seen).toHaveLength(6);
  expect(pauses).toEqual([250, 500, 1000, 2000, 4000]);
  const rows = await ledgerOf(database.pool, session.sessionId);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ status: 529, attempts: 6, stop_reason: null, cost_nanousd: 0, model: ASK.model });
});

test.each([400, 404, 413, 422])('%i is passed on at once', async (status) => {
  await start();
  t.upstream.play(fail(status));
  const answer = await ask(t, token);
  expect(answer.status).toBe(status);
  expect(answer.headers['x-should-retry']).toBe('false');
  expect(await answer.whole()).toContain(`scripted ${status}`);
  expect(t.upstream.seen).toHaveLength(1);
  expect((await ledgerOf(database.pool, session.sessionId))[0]).toMatchObject({ status, attempts: 1 });
});

test('retry-after is waited for when it fits, also as a date', async () => {
  await start({ ...virtualTime, wall: () => Date.UTC(2026, 10, 1) });
  t.upstream.play(
    fail(429, { 'retry-after': '7' }),
    fail(429, { 'retry-after': 'Sun, 01 Nov 2026 00:00:20 GMT' }),
    streamMessage,
  );
  expect((await ask(t, token)).status).toBe(200);
  expect(pauses).toEqual([7_000, 20_000]);
});

test('a retry-after that does not fit passes the error on at once, with its header', async () => {
  await start();
  t.upstream.play(fail(429, { 'retry-after': '30' }), fail(429, { 'retry-after': '31' }, 'rate_limit_error'));
  const answer = await ask(t, token);
  expect(answer.status).toBe(429);
  expect(answer.headers['retry-after']).toBe('31');
  expect(pauses).toEqual([30_000]);
});

test('the time that attempts take counts against the sixty seconds', async () => {
  await start();
  t.upstream.play((res) => {
    now += 25_000;
    fail(503)(res, t.upstream.seen[0] as never);
  });
  expect((await ask(t, token)).status).toBe(503);
  expect(t.upstream.seen).toHaveLength(3);
});

test('an upstream that cannot be reached is a 502 that names no address, and has no row', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const upstreams = [{ name: 'gone', baseUrl: `http://127.0.0.1:${port}`, apiKey: null, simulated: false }];
  t = await startTestGateway(database.pool, { retry: { ...virtualTime }, upstreams });
  const answer = await ask(t, t.token(session.sessionId));
  expect(answer.status).toBe(502);
  expect(answer.headers['x-should-retry']).toBe('false');
  const text = await answer.whole();
  expect(JSON.parse(text)).toMatchObject({ type: 'error', error: { type: 'api_error' } });
  expect(text).not.toContain('127.0.0.1');
  expect(pauses).toHaveLength(5);
  expect(await ledgerOf(database.pool, session.sessionId)).toEqual([]);
});

/** Real pings, quickly; pauses last until they are let go. */
function heldPauses() {
  const held: (() => void)[] = [];
  const retry: GatewayOptions['retry'] = {
    pingEveryMs: 10,
    sleep: (_, signal) =>
      new Promise((resolve, reject) => {
        held.push(resolve);
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  return { retry, letGo: () => eventually(() => held.shift() ?? null).then((go) => go()) };
}

const PING = 'event: ping\ndata: {"type":"ping"}\n\n';

test('a stream that has to wait hears pings, then its message', async () => {
  const { retry, letGo } = heldPauses();
  await start(retry);
  t.upstream.play(fail(529), streamMessage);
  const answer = await ask(t, token);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toContain('text/event-stream');
  await answer.until((text) => text.startsWith(PING.repeat(3)));
  await letGo();
  const text = await answer.whole();
  expect(text.replace(/^(event: ping\ndata: \{"type":"ping"\}\n\n)+/, '')).toBe(MESSAGE.join(''));
});

test('a silent upstream is bridged by pings too', async () => {
  await start({ pingEveryMs: 10 });
  let answerNow = () => {};
  t.upstream.play((res, seen) => {
    answerNow = () => void streamMessage(res, seen);
  });
  const answer = await ask(t, token);
  await answer.until((text) => text.startsWith(PING.repeat(2)));
  answerNow();
  expect((await answer.whole()).endsWith(MESSAGE.join(''))).toBe(true);
});

test('a failure after pings is an error event, and a proper end', async () => {
  const { retry, letGo } = heldPauses();
  await start(retry);
  t.upstream.play(fail(529, {}, 'overloaded_error'), fail(400, {}, 'invalid_request_error'));
  const answer = await ask(t, token);
  await answer.until((text) => text.startsWith(PING));
  await letGo();
  const text = await answer.whole();
  const [, data] = /event: error\ndata: (.*)\n\n$/.exec(text) ?? [];
  expect(JSON.parse(data ?? '')).toEqual({
    type: 'error',
    error: { type: 'invalid_request_error', message: 'scripted 400' },
  });
  expect((await ledgerOf(database.pool, session.sessionId))[0]).toMatchObject({ status: 400, attempts: 2 });
});

test('after pings an error that is no JSON, or none at all, still becomes one', async () => {
  for (const last of [
    ((res) => void res.writeHead(404, { 'content-type': 'text/html' }).end('<h1>\n\nno')) as Act,
    reset,
  ]) {
    const { retry, letGo } = heldPauses();
    await start({ ...retry, maxRetries: 1 });
    t.upstream.play(fail(529), last);
    const answer = await ask(t, token);
    await answer.until((text) => text.startsWith(PING));
    await letGo();
    const [, data] = /event: error\ndata: (.*)\n\n$/.exec(await answer.whole()) ?? [];
    expect(JSON.parse(data ?? '').error.type).toBe(last === reset ? 'api_error' : 'not_found_error');
    await t.close();
  }
});

test('a request that does not stream hears no pings', async () => {
  const { retry, letGo } = heldPauses();
  await start({ ...retry, pingEveryMs: 1 });
  t.upstream.play(fail(529), fail(404));
  const asking = ask(t, token, { body: { ...ASK, stream: false } });
  await letGo();
  expect((await asking).status).toBe(404);
});

test('a client that leaves ends the wait at once', async () => {
  await start({ random: () => 0.999, baseMs: 1_000_000, capMs: 50_000, pingEveryMs: 10 });
  t.upstream.play(fail(529));
  const answer = await ask(t, token);
  await answer.until((text) => text.startsWith(PING));
  answer.leave();
  const [row] = await ledgerWith(database.pool, session.sessionId, 1);
  expect(row).toMatchObject({ status: 529, attempts: 1, stop_reason: null });
  expect(t.upstream.seen).toHaveLength(1);
});

test('a session that was taken over meanwhile gets no further attempt', async () => {
  await start({
    ...virtualTime,
    async sleep(ms) {
      now += Math.max(ms, 2_000);
      await database.pool.query('update session_heads set generation = 2 where session_id = $1', [session.sessionId]);
    },
  });
  t.upstream.play(fail(529), streamMessage);
  const answer = await ask(t, token);
  expect(answer.status).toBe(403);
  expect(JSON.parse(await answer.whole()).error.type).toBe('permission_error');
  expect(t.upstream.seen).toHaveLength(1);
  expect((await ledgerOf(database.pool, session.sessionId))[0]).toMatchObject({
    status: 529,
    attempts: 1,
    generation: 1,
  });
});
