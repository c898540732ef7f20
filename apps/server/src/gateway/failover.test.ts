import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { addSession, ledgerOf, ledgerWith, type TestSession } from './testing.ts';
import { ASK, ask } from './testing-client.ts';
import { deadUrl, startTestFleet, type TestFleet } from './testing-fleet.ts';
import { type Act, fail, MESSAGE, SSE_HEADERS, streamMessage } from './testing-upstream.ts';
import type { Upstream } from './upstreams/upstream.ts';

let database: TestDatabase;
let session: TestSession;
let t: TestFleet;
let now: number;
let pauses: number[];
const virtualTime = (): NonNullable<GatewayOptions['retry']> => ({
  now: () => now,
  random: () => 0.5,
  async sleep(ms) {
    pauses.push(ms);
    now += ms;
  },
});

async function start(...configured: Partial<Upstream>[]): Promise<string> {
  t = await startTestFleet(database.pool, configured, { retry: virtualTime() });
  return t.token(session.sessionId);
}
const seen = () => t.fakes.map((fake) => fake.seen.length);
const rows = () => ledgerOf(database.pool, session.sessionId);
const fake = (index: number) => t.fakes[index] as TestFleet['fakes'][number];

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

test('who cannot be reached is passed over after two retries, each upstream with its own key', async () => {
  const token = await start({ baseUrl: await deadUrl() }, {}, {});
  fake(1).play(streamMessage);
  const answer = await ask(t, token);
  expect(await answer.whole()).toBe(MESSAGE.join(''));
  expect(pauses).toEqual([250, 500]);
  expect(seen()).toEqual([0, 1, 0]);
  expect(fake(1).seen[0]?.headers['x-api-key']).toBe('key-of-b');
  expect(fake(1).seen[0]?.body.toString()).toBe(JSON.stringify(ASK));
  expect(await rows()).toMatchObject([{ upstream: 'b', status: 200, attempts: 4, stop_reason: 'end_turn' }]);
  expect(t.state('a')).toMatchObject({
    state: 'closed',
    attempts: 3,
    failures: 3,
    lastFailure: { status: 0, message: 'the connection failed (ECONNREFUSED)' },
  });
  expect(t.state('b')).toMatchObject({ inFlight: 0, queued: 0, attempts: 1, failures: 0, lastFailure: null });
});

const refusedStream: Act = (res) => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
  res.writeHead(200, SSE_HEADERS).end(`event: error\ndata: ${JSON.stringify(error)}\n\n`);
};

test.each<[string, Act, number]>([
  ['529', fail(529), 3],
  ['500', fail(500), 3],
  ['429 that asks for an hour', fail(429, { 'retry-after': '3600' }), 1],
  ['529 that is not to be tried again', fail(529, { 'x-should-retry': 'false' }), 1],
  ['a stream that begins with an error', refusedStream, 3],
  ['401', fail(401), 1],
  ['403', fail(403), 1],
  ['a redirect', (res) => void res.writeHead(302, { location: 'http://elsewhere.example/' }).end(), 1],
])('%s goes on to the next upstream', async (_, act, asked) => {
  const token = await start({}, {});
  fake(0).play(act);
  fake(1).play(streamMessage);
  const answer = await ask(t, token);
  expect([answer.status, await answer.whole()]).toEqual([200, MESSAGE.join('')]);
  expect(seen()).toEqual([asked, 1]);
  expect(await rows()).toMatchObject([{ upstream: 'b', attempts: asked + 1 }]);
});

test.each([400, 404, 413, 422])('%i is the caller’s and is passed on', async (status) => {
  const token = await start({}, {});
  fake(0).play(fail(status));
  fake(1).play(streamMessage);
  expect((await ask(t, token)).status).toBe(status);
  expect(seen()).toEqual([1, 0]);
});

test('after the first byte there is no failover: the answer breaks', async () => {
  const token = await start({}, {});
  fake(0).play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.slice(0, 3).join(''), () => res.destroy());
  });
  const answer = await ask(t, token);
  await expect(answer.whole()).rejects.toThrow();
  expect(answer.text()).toBe(MESSAGE.slice(0, 3).join(''));
  expect(seen()).toEqual([1, 0]);
  expect(await ledgerWith(database.pool, session.sessionId, 1)).toMatchObject([{ upstream: 'a', stop_reason: null }]);
  expect(t.state('a')).toMatchObject({ failures: 1, lastFailure: { message: 'it broke off its answer' } });
});

test('the last upstream gets all retries, and its error is the answer', async () => {
  const token = await start({}, {});
  fake(0).play(fail(503));
  fake(1).play(fail(529, {}, 'overloaded_error'));
  const answer = await ask(t, token);
  expect(answer.status).toBe(529);
  expect(seen()).toEqual([3, 6]);
  expect(await rows()).toMatchObject([{ upstream: 'b', status: 529, attempts: 9 }]);
});

test('no further upstream is asked when too much time has passed', async () => {
  const token = await start({}, {});
  t.settings.UPSTREAM_FAILOVER_SECONDS = 100;
  fake(0).play((res, one) => {
    now += 101_000;
    return fail(503)(res, one);
  });
  expect((await ask(t, token)).status).toBe(503);
  expect(seen()).toEqual([1, 0]);
});

test('a key that every provider refuses is a safe sentence for the agent and an error for the operator', async () => {
  const token = await start({ apiKey: 'sk-the-operators-key' });
  const refuse: Act = (res) => {
    const message = 'invalid x-api-key: sk-the-operators-key';
    res.writeHead(401).end(JSON.stringify({ type: 'error', error: { type: 'authentication_error', message } }));
  };
  fake(0).play(refuse);
  const answer = await ask(t, token);
  expect(answer.status).toBe(424);
  expect(JSON.parse(await answer.whole())).toMatchObject({
    error: { type: 'api_error', message: "The platform's model provider refused its key; the operator must mend it." },
  });
  expect(await rows()).toMatchObject([{ upstream: 'a', status: 401 }]);
  const [line] = t.log.map((text) => JSON.parse(text)).filter((entry) => entry.level === 50);
  expect(line).toMatchObject({ upstream: 'a', status: 401, said: 'invalid x-api-key: [redacted]' });
  expect(t.log.join('')).not.toContain('operators-key');
});

test('a model goes to whom it is served by, under their name, and only its name changes in the body', async () => {
  const models = { 'claude-sonnet-4-5': 'vendor/sonnet "4.5"', 'claude-opus-*': '*' };
  const token = await start({ models: { 'claude-haiku-4-5': '*' } }, { models }, {});
  for (const upstream of t.fakes) upstream.play(streamMessage);
  const body = '{"big":12345678901234567890, "model" : "claude-sonnet-4-5","stream":true,"messages":[]}';
  await (await ask(t, token, { body })).whole();
  expect(seen()).toEqual([0, 1, 0]);
  expect(fake(1).seen[0]?.body.toString()).toBe(
    '{"big":12345678901234567890, "model" : "vendor/sonnet \\"4.5\\"","stream":true,"messages":[]}',
  );
  // The upstream names the model that it used: it is passed on, recorded and priced.
  expect(await rows()).toMatchObject([{ upstream: 'b', model: 'claude-sonnet-4-5-20250929' }]);

  const asked = async (model: string, path = '/v1/messages') => {
    await (await ask(t, token, { path, body: { ...ASK, model } })).whole();
    return t.fakes.flatMap((one, index) => (one.seen.length > 0 ? [[index, one.seen.at(-1)?.url]] : []));
  };
  for (const upstream of t.fakes) upstream.seen.length = 0;
  expect(await asked('claude-haiku-4-5', '/v1/messages/count_tokens')).toEqual([[0, '/v1/messages/count_tokens']]);
  await (await ask(t, token, { method: 'GET', path: '/v1/models/claude-sonnet-4-5?x=1' })).whole();
  expect(fake(1).seen.at(-1)?.url).toBe('/v1/models/vendor%2Fsonnet%20%224.5%22?x=1');
  await asked('claude-opus-5');
  expect(JSON.parse(String(fake(1).seen.at(-1)?.body)).model).toBe('claude-opus-5');
  await asked('something-else');
  expect(JSON.parse(String(fake(2).seen.at(-1)?.body)).model).toBe('something-else');
});

test('what failed under another name is recorded under it', async () => {
  const token = await start({ models: { 'claude-sonnet-4-5': 'vendor/sonnet' } });
  fake(0).play(fail(400));
  await (await ask(t, token)).whole();
  expect(await rows()).toMatchObject([{ upstream: 'a', model: 'vendor/sonnet', status: 400 }]);
});

test('a model that nobody serves is not found, and nobody is asked', async () => {
  const token = await start({ models: { 'claude-haiku-4-5': '*' } });
  const answer = await ask(t, token);
  expect([answer.status, JSON.parse(await answer.whole()).error.type]).toEqual([404, 'not_found_error']);
  expect(seen()).toEqual([0]);
  expect(await rows()).toEqual([]);
});

test('a test workspace is answered by the simulator whatever is configured, at no cost', async () => {
  await start({});
  fake(0).play(streamMessage);
  const tested = await addSession(database.pool, null, true);
  expect(t.gateway.upstreams().map(({ name }) => name)).toEqual(['a']);
  const text = await (await ask(t, t.token(tested.sessionId))).whole();
  expect(text).toContain('msg_sim');
  expect(seen()).toEqual([0]);
  expect(await ledgerOf(database.pool, tested.sessionId)).toMatchObject([
    { upstream: 'simulator', cost_nanousd: 0, price_version: 'simulated', status: 200 },
  ]);
  expect(t.gateway.upstreams().map(({ name }) => name)).toEqual(['a', 'simulator']);
  await (await ask(t, t.token(session.sessionId))).whole();
  expect(await rows()).toMatchObject([{ upstream: 'a', price_version: expect.stringMatching(/^20/) }]);
});

test('nobody else falls back to the simulator while a real upstream is configured', async () => {
  const simulated = { name: 'simulator', apiKey: null, simulated: true };
  const token = await start({ models: { 'claude-haiku-4-5': '*' } }, simulated);
  fake(0).play(fail(500));
  fake(1).play(streamMessage);
  expect((await ask(t, token)).status).toBe(404);
  expect((await ask(t, token, { body: { ...ASK, model: 'claude-haiku-4-5' } })).status).toBe(500);
  expect(fake(1).seen).toEqual([]);
  const tested = await addSession(database.pool, null, true);
  expect((await ask(t, t.token(tested.sessionId))).status).toBe(200);
  expect(fake(1).seen).toHaveLength(1);
});
