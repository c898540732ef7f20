import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { addSession, eventually } from '../testing.ts';
import { deadUrl, startTestFleet, type TestFleet } from '../testing-fleet.ts';
import type { Act } from '../testing-upstream.ts';
import type { Upstream } from '../upstreams/upstream.ts';

let database: TestDatabase;
let t: TestFleet;
let workspaceId: string;
let now: number;

beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database?.close());
beforeEach(async () => {
  now = 1_000_000;
  workspaceId = (await addSession(database.pool)).workspaceId;
});
afterEach(() => t?.close());

async function start(...configured: Partial<Upstream>[]): Promise<void> {
  t = await startTestFleet(database.pool, configured, { retry: { now: () => now } });
}
const list = () => t.gateway.models.list(workspaceId);
const missing = (model: string) => t.gateway.models.missing(workspaceId, model);
const play = (index: number, act: Act) => t.fakes[index]?.play(act);
const asked = (index: number) => t.fakes[index]?.seen.map(({ url }) => url) ?? [];

/** Serves these models, two to a page; of others it says that it has none, but for `hidden`. */
function serving(ids: string[], hidden: string[] = []): Act {
  return (res, { url }) => {
    const { pathname, searchParams } = new URL(url, 'http://upstream');
    const send = (status: number, body: object) =>
      void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const one = /^\/v1\/models\/(.+)$/.exec(pathname)?.[1];
    if (one !== undefined) {
      const id = decodeURIComponent(one);
      return [...ids, ...hidden].includes(id) ? send(200, { id }) : send(404, { type: 'error' });
    }
    const from = ids.indexOf(searchParams.get('after_id') ?? '') + 1;
    const data = ids.slice(from, from + 2).map((id) => ({ type: 'model', id, display_name: `The ${id}` }));
    send(200, { data, has_more: from + 2 < ids.length, last_id: data.at(-1)?.id });
  };
}

test('models are listed with who serves them under which name, and what they cost', async () => {
  await start({}, { models: { 'claude-sonnet-5-5': 'vendor/sonnet', fast: 'claude-haiku-4-5', 'claude-opus-*': '*' } });
  play(0, serving(['claude-sonnet-5-5', 'claude-opus-5', 'local-model']));
  play(1, serving(['vendor/sonnet', 'claude-opus-5', 'claude-opus-4-8', 'unmapped']));
  const { data, unlisted_upstreams } = await list();
  expect(unlisted_upstreams).toEqual([]);
  expect(data.map(({ id, upstreams }) => [id, upstreams.map(({ name, model }) => `${name}: ${model}`)])).toEqual([
    ['claude-sonnet-5-5', ['a: claude-sonnet-5-5', 'b: vendor/sonnet']],
    ['claude-opus-5', ['a: claude-opus-5', 'b: claude-opus-5']],
    ['local-model', ['a: local-model']],
    ['fast', ['b: claude-haiku-4-5']],
    ['claude-opus-4-8', ['b: claude-opus-4-8']],
  ]);
  expect(data[0]).toMatchObject({
    display_name: 'The claude-sonnet-5-5',
    price: { input: 2, output: 10, cache_read: 0.1, cache_write_5m: 2.5, cache_write_1h: 4, above: null },
    price_version: expect.any(String),
    simulated: false,
  });
  expect(data[2]).toMatchObject({ price: null, price_version: null });
  expect(data[3]).toMatchObject({ display_name: 'fast', price: { input: 1 } });
  expect(t.fakes[0]?.seen[0]?.headers['x-api-key']).toBe('key-of-a');
});

test('who takes many names for one model is named where he serves', async () => {
  await start({ models: { 'claude-haiku-*': 'vendor/haiku', 'claude-opus-5': 'big', 'own-*': 'own-1' } }, {});
  play(0, serving(['vendor/haiku', 'big', 'own-1']));
  play(1, serving(['claude-haiku-4-5', 'claude-opus-5', 'claude-opus-4-8']));
  const { data } = await list();
  expect(
    Object.fromEntries(data.map(({ id, upstreams }) => [id, upstreams.map(({ name, model }) => `${name}: ${model}`)])),
  ).toEqual({
    'claude-opus-5': ['a: big', 'b: claude-opus-5'],
    'claude-haiku-4-5': ['a: vendor/haiku', 'b: claude-haiku-4-5'],
    'claude-opus-4-8': ['b: claude-opus-4-8'],
    'own-1': ['a: own-1'],
  });
  // What it costs is what the first of them costs.
  const haiku = data.find(({ id }) => id === 'claude-haiku-4-5');
  expect(haiku).toMatchObject({ price: null, display_name: 'The claude-haiku-4-5' });
});

test('lists are asked for once in a while, and a failure hides nothing', async () => {
  await start({}, { baseUrl: await deadUrl() });
  play(0, serving(['one']));
  expect(await Promise.all([list(), list()])).toMatchObject(
    Array(2).fill({ data: [{ id: 'one' }], unlisted_upstreams: ['b'] }),
  );
  await list();
  expect(asked(0)).toHaveLength(1);
  play(0, (res) => void res.writeHead(500).end('<h1>no</h1>'));
  now += 301_000;
  await list();
  await eventually(() => asked(0).length === 2);
  expect((await list()).data).toMatchObject([{ id: 'one' }]);
});

test('a model counts as missing only when every upstream says so, asked for it alone', async () => {
  await start({}, { models: { mine: 'theirs' } });
  play(0, serving(['claude-sonnet-5-5', 'claude-opus-5-5'], ['claude-sonnet-5-5-latest']));
  play(1, serving([]));
  // Nothing is known yet: it may work.
  expect(await missing('claude-sonet-5-5')).toBeNull();
  await list();
  expect((await missing('claude-sonet-5-5'))?.[0]).toBe('claude-sonnet-5-5');
  for (const model of ['claude-sonnet-5-5', 'claude-sonnet-5-5-latest', 'mine', 'sonnet', 'opus[1m]']) {
    expect([model, await missing(model)]).toEqual([model, null]);
  }
  expect(await missing('theirs')).not.toBeNull();
  // A model that has come meanwhile is found before it is refused.
  now += 31_000;
  play(0, serving(['claude-sonnet-5-5', 'brand-new']));
  expect(await missing('brand-new')).toBeNull();
  // An upstream that does not answer has not said no.
  play(0, (res) => void res.writeHead(500).end());
  expect(await missing('anything')).toBeNull();
});

test('a model that the maps leave out is missing whatever the lists say', async () => {
  await start({ models: { fast: 'claude-haiku-4-5' } });
  expect(await missing('claude-haiku-4-5')).toEqual(['fast']);
  expect(await missing('fast')).toBeNull();
});

test('a test workspace sees the models of the simulator, and may use any name', async () => {
  await start({});
  play(0, serving(['real']));
  ({ workspaceId } = await addSession(database.pool, null, true));
  const { data } = await list();
  expect(data.length).toBeGreaterThan(0);
  for (const model of data) {
    expect(model).toMatchObject({ simulated: true, price: { output: 0 }, upstreams: [{ name: 'simulator' }] });
  }
  expect(await missing('whatever')).toBeNull();
  expect(asked(0)).toEqual([]);
});
