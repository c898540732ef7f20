import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { addSession, eventually, ledgerOf } from './testing.ts';
import { ask } from './testing-client.ts';
import { startTestFleet, type TestFleet } from './testing-fleet.ts';
import { type Act, fail, MESSAGE, SSE_HEADERS, streamMessage } from './testing-upstream.ts';

let database: TestDatabase;
let t: TestFleet;
let now = 1_000_000;
const retry = {
  now: () => now,
  random: () => 0,
  async sleep(ms: number) {
    now += ms;
  },
};

beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database?.close());
afterEach(() => t?.close());

const tokenOfNew = async () => t.token((await addSession(database.pool)).sessionId);
const fake = (index: number) => t.fakes[index] as TestFleet['fakes'][number];

/** Begins a message and goes on when it is told to, or at once when all are to finish. */
function held(): { act: Act; finish(): void; finishAll(): void } {
  const open: (() => void)[] = [];
  let free = false;
  return {
    act: (res) => {
      res.writeHead(200, SSE_HEADERS);
      res.write(MESSAGE[0]);
      open.push(() => res.end(MESSAGE.slice(1).join('')));
      if (free) open.pop()?.();
    },
    finish: () => open.shift()?.(),
    finishAll() {
      free = true;
      for (const finish of open.splice(0)) finish();
    },
  };
}

test('an upstream that fails again and again is left alone; one request finds out when it is back', async () => {
  t = await startTestFleet(database.pool, [{}, {}], { retry });
  Object.assign(t.settings, { UPSTREAM_BREAKER_FAILURES: 6, UPSTREAM_BREAKER_SECONDS: 10 });
  fake(0).play(fail(503));
  fake(1).play(streamMessage);
  const token = await tokenOfNew();
  for (let i = 0; i < 5; i++) expect((await ask(t, token)).status).toBe(200);
  // Three attempts of each of the first two requests; then nobody asks it any more.
  expect([fake(0).seen.length, fake(1).seen.length, t.state('a').state]).toEqual([6, 5, 'open']);
  now += 10_000;
  expect(await (await ask(t, token)).whole()).toBe(MESSAGE.join(''));
  expect([fake(0).seen.length, fake(1).seen.length, t.state('a').state]).toEqual([7, 6, 'open']);
  fake(0).play(streamMessage);
  now += 10_000;
  await (await ask(t, token)).whole();
  expect([fake(0).seen.length, fake(1).seen.length, t.state('a').state]).toEqual([8, 6, 'closed']);
});

test('when there is no other, a request waits until it may be tried again', async () => {
  t = await startTestFleet(database.pool, [{}], { retry });
  Object.assign(t.settings, { UPSTREAM_BREAKER_FAILURES: 2, UPSTREAM_BREAKER_SECONDS: 20 });
  fake(0).play(fail(529), fail(529), streamMessage);
  const before = now;
  const token = await tokenOfNew();
  expect((await ask(t, token)).status).toBe(200);
  expect(now - before).toBe(20_000);

  t.settings.UPSTREAM_BREAKER_SECONDS = 90;
  fake(0).play(fail(529));
  expect((await ask(t, token)).status).toBe(529);
  expect([fake(0).seen.length, t.state('a').state]).toEqual([5, 'open']);
  const answer = await ask(t, token);
  expect(answer.status).toBe(529);
  expect(answer.headers['retry-after']).toBe('90');
  expect(JSON.parse(await answer.whole()).error.type).toBe('overloaded_error');
});

test('who finds no place goes on to the next upstream; without one it is told to come again', async () => {
  t = await startTestFleet(database.pool, [{ maxConcurrency: 2 }, { maxConcurrency: 1 }]);
  Object.assign(t.settings, { UPSTREAM_WORKSPACE_SHARE: 100, UPSTREAM_QUEUE_LIMIT: 0 });
  const { act, finish, finishAll } = held();
  for (const upstream of t.fakes) upstream.play(act);
  const session = await addSession(database.pool);
  const token = t.token(session.sessionId);
  const open = [await ask(t, token), await ask(t, token), await ask(t, token)];
  expect(t.gateway.upstreams().map(({ inFlight }) => inFlight)).toEqual([2, 1]);
  const full = await ask(t, token);
  expect([full.status, full.headers['retry-after']]).toEqual([529, '5']);
  expect(await ledgerOf(database.pool, session.sessionId)).toEqual([]);

  t.settings.UPSTREAM_QUEUE_LIMIT = 10;
  const waiting = ask(t, token);
  await eventually(() => t.state('a').queued === 1);
  finish();
  await open[0]?.whole();
  await waiting;
  expect(t.state('a')).toMatchObject({ inFlight: 2, queued: 0 });
  finishAll();
});

test('a workspace that floods an upstream leaves room for the others', async () => {
  t = await startTestFleet(database.pool, [{ maxConcurrency: 5 }]);
  const { act, finishAll } = held();
  fake(0).play(act);
  const greedy = await tokenOfNew();
  const flood = Array.from({ length: 12 }, () => ask(t, greedy));
  await eventually(() => t.state('a').inFlight === 4 && t.state('a').queued === 8);
  const modest = await ask(t, await tokenOfNew());
  expect(modest.status).toBe(200);
  expect(t.state('a')).toMatchObject({ inFlight: 5, queued: 8 });
  finishAll();
  for (const answer of await Promise.all(flood)) expect(answer.status).toBe(200);
});
