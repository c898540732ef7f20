import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { addSession, ledgerOf, startTestGateway, type TestGateway, type TestSession } from './testing.ts';
import { ASK, ask } from './testing-client.ts';
import { type Act, MESSAGE, SSE_HEADERS, streamMessage } from './testing-upstream.ts';

let database: TestDatabase;
let session: TestSession;
let t: TestGateway;

beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database?.close());
beforeEach(async () => {
  session = await addSession(database.pool);
});
afterEach(() => t?.close());

/** The pool, with something to happen before each ledger insert. */
function poolWith(beforeInsert: () => Promise<void>): pg.Pool {
  return new Proxy(database.pool, {
    get(pool, name) {
      if (name !== 'query') return Reflect.get(pool, name);
      return async (query: { name?: string }) => {
        if (query.name === 'gateway-insert-model-request') await beforeInsert();
        return pool.query(query as never);
      };
    },
  });
}

const COMPLETE = {
  model: 'claude-sonnet-4-5-20250929',
  upstream: 'fake',
  status: 200,
  stop_reason: 'end_turn',
  attempts: 1,
  generation: 1,
  input_tokens: 12,
  output_tokens: 41,
  cache_read_input_tokens: 3000,
  cache_creation_5m_input_tokens: 500,
  cache_creation_1h_input_tokens: 70,
  cost_nanousd: 12 * 3000 + 41 * 15_000 + 3000 * 300 + 500 * 3750 + 70 * 6000,
  price_version: '2026-11',
};

test('whoever reads message_stop finds the row, with what the upstream said', async () => {
  t = await startTestGateway(database.pool);
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.join('')); // And it stays open.
  });
  for (let round = 1; round <= 20; round++) {
    const answer = await ask(t, t.token(session.sessionId));
    await answer.until((text) => text.endsWith('"message_stop"}\n\n'));
    const rows = await ledgerOf(database.pool, session.sessionId);
    expect(rows).toHaveLength(round);
    answer.leave();
  }
  const { workspaceId: workspace_id, agentId: agent_id, sessionId: session_id, turnId: turn_id } = session;
  for (const row of await ledgerOf(database.pool, session.sessionId)) {
    expect(row).toMatchObject({ ...COMPLETE, workspace_id, agent_id, session_id, turn_id });
    expect(row.id).toMatch(/^mreq_/);
    expect(row.duration_ms).toBeGreaterThanOrEqual(row.first_byte_ms ?? Number.NaN);
  }
});

test('the end of a message waits for its row, the rest does not', async () => {
  let write = () => {};
  t = await startTestGateway(
    poolWith(
      () =>
        new Promise((resolve) => {
          write = resolve;
        }),
    ),
  );
  t.upstream.play(streamMessage);
  const answer = await ask(t, t.token(session.sessionId));
  const body = MESSAGE.slice(0, -1).join('');
  await answer.until((text) => text === body);
  for (let i = 0; i < 20; i++) {
    await database.pool.query('select 1');
    expect(answer.text()).toBe(body);
  }
  write();
  expect(await answer.whole()).toBe(MESSAGE.join(''));
});

test('a message in one piece is in the ledger before it is sent', async () => {
  t = await startTestGateway(database.pool);
  const message = {
    id: 'msg_1',
    type: 'message',
    model: 'claude-opus-5',
    stop_reason: 'tool_use',
    usage: { input_tokens: 5, output_tokens: 6, cache_creation_input_tokens: 8, cache_read_input_tokens: 9 },
  };
  t.upstream.play(
    (res) =>
      void res.writeHead(200, { 'content-type': 'application/json', 'request-id': 'r' }).end(JSON.stringify(message)),
  );
  const answer = await ask(t, t.token(session.sessionId), { body: { ...ASK, stream: false } });
  const rows = await ledgerOf(database.pool, session.sessionId);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({
    model: 'claude-opus-5',
    stop_reason: 'tool_use',
    input_tokens: 5,
    output_tokens: 6,
    cache_read_input_tokens: 9,
    cache_creation_5m_input_tokens: 8,
    cost_nanousd: 5 * 5000 + 6 * 25_000 + 9 * 500 + 8 * 6250,
  });
  expect(JSON.parse(await answer.whole())).toEqual(message);
  expect(answer.headers['request-id']).toBe('r');
  expect(answer.headers['content-length']).toBe(String(JSON.stringify(message).length));
});

test('an answer in one piece that breaks is asked for again; a stream nobody asked for is metered all the same', async () => {
  t = await startTestGateway(database.pool, { retry: { random: () => 0 } });
  const broken: Act = (res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
    res.write('{"usage":', () => res.destroy());
  };
  t.upstream.play(broken, streamMessage);
  const answer = await ask(t, t.token(session.sessionId), { body: { ...ASK, stream: false } });
  expect(await answer.whole()).toBe(MESSAGE.join(''));
  const rows = await ledgerOf(database.pool, session.sessionId);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ ...COMPLETE, attempts: 2 });
});

test('a row that cannot be written at first is written once', async () => {
  let tries = 0;
  t = await startTestGateway(
    poolWith(async () => {
      if (++tries < 3) throw new Error('the database is away');
    }),
  );
  t.upstream.play(streamMessage);
  expect(await (await ask(t, t.token(session.sessionId))).whole()).toBe(MESSAGE.join(''));
  expect(tries).toBe(3);
  expect(await ledgerOf(database.pool, session.sessionId)).toHaveLength(1);
});

test('a row whose commit was not seen is not written twice', async () => {
  let lose = true;
  const pool = new Proxy(database.pool, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name);
      return async (query: { name?: string }) => {
        const result = await target.query(query as never);
        if (query.name === 'gateway-insert-model-request' && lose) {
          lose = false;
          throw new Error('the connection broke');
        }
        return result;
      };
    },
  });
  t = await startTestGateway(pool);
  t.upstream.play(streamMessage);
  await (await ask(t, t.token(session.sessionId))).whole();
  expect(lose).toBe(false);
  expect(await ledgerOf(database.pool, session.sessionId)).toHaveLength(1);
});

test('a row that cannot be written at all is logged with its figures, and the answer goes on', async () => {
  t = await startTestGateway(
    poolWith(async () => {
      throw new Error('the database is away');
    }),
  );
  t.upstream.play(streamMessage);
  expect(await (await ask(t, t.token(session.sessionId))).whole()).toBe(MESSAGE.join(''));
  const line = t.log.map((text) => JSON.parse(text)).find(({ level }) => level === 50);
  expect(line.err.message).toBe('the database is away');
  expect(line.model_request).toMatchObject({
    principal: { sessionId: session.sessionId, workspaceId: session.workspaceId },
    model: COMPLETE.model,
    stopReason: 'end_turn',
    usage: { inputTokens: 12, outputTokens: 41, cacheReadInputTokens: 3000 },
    cost: { nanousd: COMPLETE.cost_nanousd, version: '2026-11' },
  });
});

test('a simulated upstream costs nothing; a model without a price is not guessed', async () => {
  t = await startTestGateway(database.pool, { simulated: true });
  t.upstream.play(streamMessage);
  await (await ask(t, t.token(session.sessionId))).whole();
  await t.close();
  t = await startTestGateway(database.pool);
  const unknown: Act = (res) => {
    res.writeHead(200, SSE_HEADERS).end(MESSAGE.join('').replace('claude-sonnet-4-5-20250929', 'claude-fable-5-2'));
  };
  t.upstream.play(unknown);
  await (await ask(t, t.token(session.sessionId))).whole();
  const rows = await ledgerOf(database.pool, session.sessionId);
  expect(rows.map(({ cost_nanousd, price_version }) => [cost_nanousd, price_version])).toEqual([
    [0, 'simulated'],
    [0, null],
  ]);
  expect(rows[1]?.input_tokens).toBe(12);
});

test('a name of a model that the database would refuse still has its row', async () => {
  t = await startTestGateway(database.pool);
  t.upstream.play((res) => void res.writeHead(404, { 'content-type': 'application/json' }).end('{}'));
  await (
    await ask(t, t.token(session.sessionId), { body: { ...ASK, model: `a\0b\ud800${'x'.repeat(10_000)}` } })
  ).whole();
  const [row] = await ledgerOf(database.pool, session.sessionId);
  expect(row?.model).toMatch(/^ab.x+$/);
});

test('many requests at once have a row each', async () => {
  t = await startTestGateway(database.pool);
  t.upstream.play(streamMessage);
  const sessions = await Promise.all(Array.from({ length: 10 }, () => addSession(database.pool)));
  await Promise.all(
    sessions.flatMap(({ sessionId }) =>
      Array.from({ length: 10 }, async () => {
        expect(await (await ask(t, t.token(sessionId))).whole()).toBe(MESSAGE.join(''));
      }),
    ),
  );
  for (const { sessionId, turnId } of sessions) {
    const rows = await ledgerOf(database.pool, sessionId);
    expect(rows).toHaveLength(10);
    expect(new Set(rows.map(({ turn_id }) => turn_id))).toEqual(new Set([turnId]));
  }
});
