import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import type { Activity } from './gateway-options.ts';
import {
  addSession,
  eventually,
  type LedgerRow,
  ledgerWith,
  PROVIDER_KEY,
  startTestGateway,
  type TestGateway,
  type TestSession,
} from './testing.ts';
import { ask } from './testing-client.ts';
import { MESSAGE, SSE_HEADERS, sse, streamMessage } from './testing-upstream.ts';

let database: TestDatabase;
let session: TestSession;
let t: TestGateway;
let token: string;
let activity: [string, Activity][];

beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database?.close());
beforeEach(async () => {
  activity = [];
  session = await addSession(database.pool);
  t = await startTestGateway(database.pool, {
    path: '/prefix',
    onActivity: (id, what) => void activity.push([id, what]),
  });
  token = t.token(session.sessionId);
});
afterEach(() => t?.close());

test('a stream arrives unchanged, with the useful headers of the upstream', async () => {
  t.upstream.play(streamMessage);
  const answer = await ask(t, token);
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'request-id': 'req_upstream',
  });
  expect(await answer.whole()).toBe(MESSAGE.join(''));
  expect(activity.map(([, what]) => what)).toEqual(expect.arrayContaining(['request', 'data']));
  await eventually(() => activity.at(-1)?.[1] === 'end');
  expect(new Set(activity.map(([id]) => id))).toEqual(new Set([session.sessionId]));
});

test('the request goes on under the upstream’s path with its query, its bytes untouched, and the provider’s key', async () => {
  t.upstream.play(streamMessage);
  const body = '{ "model":"m","stream":true, "id":12345678901234567890, "ü":"\\u00fc" }';
  await (await ask(t, token, { body, headers: { 'anthropic-beta': 'x,y' } })).whole();
  const [seen] = t.upstream.seen;
  expect(seen?.url).toBe('/prefix/v1/messages?beta=true');
  expect(seen?.body.toString()).toBe(body);
  expect(seen?.headers).toMatchObject({
    'x-api-key': PROVIDER_KEY,
    'anthropic-beta': 'x,y',
    'anthropic-version': '2023-06-01',
  });
  expect(JSON.stringify(seen)).not.toContain('aaas-gw');
});

test('each byte arrives before the next one is written', async () => {
  const bytes = Buffer.from(MESSAGE.slice(0, -1).join(''));
  let arrived: (count: number) => Promise<unknown> = async () => {};
  let started = () => {};
  const begun = new Promise<void>((resolve) => {
    started = resolve;
  });
  t.upstream.play(async (res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(bytes.subarray(0, 1));
    await begun;
    for (let i = 1; i < bytes.length; i++) {
      await arrived(i);
      res.write(bytes.subarray(i, i + 1));
    }
    res.end(MESSAGE.at(-1));
  });
  const answer = await ask(t, token);
  arrived = (count) => answer.until(() => answer.bytes() >= count);
  started();
  expect(await answer.whole()).toBe(MESSAGE.join(''));
});

test('a client that leaves ends the upstream request at once, and is recorded with what is known', async () => {
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.slice(0, 4).join(''));
  });
  const answer = await ask(t, token);
  await answer.until((text) => text.includes('content_block_delta'));
  answer.leave();
  await t.upstream.seen[0]?.closed;
  const [row] = await ledgerWith(database.pool, session.sessionId, 1);
  expect(row).toMatchObject({
    status: 200,
    stop_reason: null,
    input_tokens: 12,
    output_tokens: 1,
    turn_id: session.turnId,
  });
});

test('a client that leaves with the text and before its count is charged for what it got', async () => {
  const texts = Array.from({ length: 50 }, (_, n) => sse('content_block_delta', delta(`${n} `.repeat(40))));
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write([...MESSAGE.slice(0, 2), ...texts].join(''));
  });
  const answer = await ask(t, token);
  await answer.until((text) => text.includes('49 49 '));
  answer.leave();
  const [row] = await ledgerWith(database.pool, session.sessionId, 1);
  // 50 times 40 words and blanks of 2 or 3 bytes: 1,400 tokens of 4 bytes, and some off for what surrounds them.
  const { output_tokens, uncounted_output_tokens: uncounted, cost_nanousd } = row as LedgerRow;
  expect(output_tokens).toBe(1);
  expect(uncounted).toBeGreaterThan(1_100);
  expect(uncounted).toBeLessThan(1_500);
  expect(cost_nanousd).toBeGreaterThan(uncounted * 15_000);
});

function delta(text: string) {
  return { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } };
}

test('a client that leaves before the upstream answers ends the upstream request too', async () => {
  t.upstream.play(() => {});
  const gone = new AbortController();
  const left = fetch(`${t.gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': token },
    body: '{"model":"m"}',
    signal: gone.signal,
  });
  await eventually(() => t.upstream.seen.length > 0);
  gone.abort();
  await expect(left).rejects.toThrow();
  await t.upstream.seen[0]?.closed;
  const [row] = await ledgerWith(database.pool, session.sessionId, 1);
  expect(row).toMatchObject({ status: 0, stop_reason: null, attempts: 1, model: 'm' });
});

test('an upstream that breaks in mid-stream breaks the client’s connection, and what came before arrives', async () => {
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.slice(0, 4).join(''), () => res.destroy());
  });
  const answer = await ask(t, token);
  await expect(answer.whole()).rejects.toThrow(/aborted|hang up/);
  expect(answer.text()).toBe(MESSAGE.slice(0, 4).join(''));
  expect(t.upstream.seen).toHaveLength(1);
  const [row] = await ledgerWith(database.pool, session.sessionId, 1);
  expect(row).toMatchObject({ stop_reason: null, input_tokens: 12, attempts: 1 });
});

test('a stream that ends properly but without its message’s end is truncated for the client', async () => {
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.end(MESSAGE.slice(0, -1).join(''));
  });
  const answer = await ask(t, token);
  await expect(answer.whole()).rejects.toThrow(/aborted|hang up/);
  const [row] = await ledgerWith(database.pool, session.sessionId, 1);
  expect(row).toMatchObject({ stop_reason: null, output_tokens: 41 });
});

test('an error event in mid-stream is passed on without a retry and ends the answer properly', async () => {
  const error = sse('error', { error: { type: 'overloaded_error', message: 'Overloaded' } });
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.end(MESSAGE.slice(0, 4).join('') + error);
  });
  const answer = await ask(t, token);
  expect(await answer.whole()).toBe(MESSAGE.slice(0, 4).join('') + error);
  expect(t.upstream.seen).toHaveLength(1);
  const [row] = await ledgerWith(database.pool, session.sessionId, 1);
  expect(row).toMatchObject({ status: 200, stop_reason: null, input_tokens: 12 });
});

test('a message whose upstream hangs or breaks after the end is complete', async () => {
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.join(''), () => setImmediate(() => res.destroy()));
  });
  expect(await (await ask(t, token)).whole()).toBe(MESSAGE.join(''));
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.join(''));
  });
  expect(await (await ask(t, token)).whole()).toBe(MESSAGE.join(''));
});

test('a client that does not read makes the upstream wait; nothing piles up and nothing is lost', async () => {
  const content = sse('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'x'.repeat(256 * 1024) } });
  const rounds = 256;
  let written = 0;
  t.upstream.play(async (res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.slice(0, 2).join(''));
    for (; written < rounds; written++) {
      if (!res.write(content)) await new Promise<void>((resolve) => res.once('drain', resolve));
    }
    res.end(MESSAGE.slice(-4).join(''));
  });
  const answer = await ask(t, token);
  answer.pause();
  let before = -1;
  let sameSince = performance.now();
  await eventually(() => {
    if (written !== before) sameSince = performance.now();
    before = written;
    return performance.now() - sameSince > 300;
  });
  expect(written).toBeLessThan(rounds / 2);
  answer.resume();
  const text = await answer.whole();
  expect(text.length).toBeGreaterThan(rounds * 256 * 1024);
  expect(text.endsWith(MESSAGE.slice(-4).join(''))).toBe(true);
});

test('an answer that comes compressed all the same is refused, once', async () => {
  t.upstream.play((res) => void res.writeHead(200, { ...SSE_HEADERS, 'content-encoding': 'gzip' }).end('x'));
  const answer = await ask(t, token);
  expect(answer.status).toBe(502);
  expect(t.upstream.seen).toHaveLength(1);
  expect(t.upstream.seen[0]?.headers['accept-encoding']).toBe('identity');
});

test('closing lets an answer end, and resolves when it has', async () => {
  let finish = () => {};
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.slice(0, 3).join(''));
    finish = () => res.end(MESSAGE.slice(3).join(''));
  });
  const answer = await ask(t, token);
  await answer.until((text) => text.includes('ping'));
  const closed = t.gateway.close();
  await expect(fetch(t.gateway.url)).rejects.toThrow();
  finish();
  expect(await answer.whole()).toBe(MESSAGE.join(''));
  await closed;
  const [row] = await ledgerWith(database.pool, session.sessionId, 1);
  expect(row).toMatchObject({ stop_reason: 'end_turn' });
});
