import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { findSessionUsage } from '../sessions/session-usage.ts';
import {
  addSession,
  addTurn,
  eventually,
  ledgerOf,
  ledgerWith,
  startTestGateway,
  type TestGateway,
  type TestSession,
} from './testing.ts';
import { ask } from './testing-client.ts';
import { MESSAGE, SSE_HEADERS, streamMessage } from './testing-upstream.ts';

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

test('a request belongs to the turn that asked: the running one, or none', async () => {
  t = await startTestGateway(database.pool);
  t.upstream.play(streamMessage);
  const token = t.token(session.sessionId);
  await addTurn(database.pool, session, 2, 'queued');
  await (await ask(t, token)).whole();
  await database.pool.query(`update turns set state = 'completed', ended_at = now() where id = $1`, [session.turnId]);
  await (await ask(t, token)).whole();
  const rows = await ledgerOf(database.pool, session.sessionId);
  expect(rows.map(({ turn_id }) => turn_id)).toEqual([session.turnId, null]);
});

test('an interrupted request belongs to the turn that was interrupted, even when the next one runs', async () => {
  t = await startTestGateway(database.pool);
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.slice(0, 4).join(''));
  });
  const answer = await ask(t, t.token(session.sessionId));
  await answer.until((text) => text.includes('delta'));
  await database.pool.query(`update turns set state = 'interrupted', ended_at = now() where id = $1`, [session.turnId]);
  await addTurn(database.pool, session, 2, 'running');
  answer.leave();
  const [row] = await ledgerWith(database.pool, session.sessionId, 1);
  expect(row).toMatchObject({ turn_id: session.turnId, stop_reason: null });
});

test('the usage of a turn is the sum of its requests and of no others', async () => {
  t = await startTestGateway(database.pool);
  t.upstream.play(streamMessage, (res) => {
    res.writeHead(200, SSE_HEADERS).end(MESSAGE.join('').replace('claude-sonnet-4-5-20250929', 'claude-fable-5-2'));
  });
  const other = await addSession(database.pool);
  const token = t.token(session.sessionId);
  await (await ask(t, token)).whole();
  // Rows have their time in milliseconds: the second must be later to be the last.
  const first = performance.now();
  await eventually(() => performance.now() - first > 3);
  await (await ask(t, token)).whole();
  await (await ask(t, t.token(other.sessionId))).whole();
  const cost = 12 * 3000 + 41 * 15_000 + 3000 * 300 + 500 * 3750 + 70 * 6000;
  const usage = { input: 24, output: 82, cache_read: 6000, cache_creation: 1140, cost };
  expect(await usageColumns(session.turnId)).toEqual(usage);
  expect(await findSessionUsage(database.pool, session.sessionId)).toEqual({
    input_tokens: 24,
    output_tokens: 82,
    cache_read_input_tokens: 6000,
    cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 140 },
    list_cost: { amount: String(Math.round(cost / 1e7)), currency: 'USD' },
  });
  expect(await findSessionUsage(database.pool, 'sesn_none')).toMatchObject({ input_tokens: 0, output_tokens: 0 });
});

const usageColumns = async (turnId: string) =>
  (
    await database.pool.query(
      `select input_tokens::int as input, output_tokens::int as output, cache_read_input_tokens::int as cache_read,
              cache_creation_input_tokens::int as cache_creation, cost_nanousd::int as cost
         from turns where id = $1`,
      [turnId],
    )
  ).rows[0];
const ENDED = `update turns set state = 'interrupted', ended_at = now() where id = $1`;
const CUT_OFF = { input: 12, output: 1, cache_read: 3000, cache_creation: 570 };

async function interrupted(): Promise<{ leave(): void }> {
  t = await startTestGateway(database.pool);
  t.upstream.play((res) => {
    res.writeHead(200, SSE_HEADERS);
    res.write(MESSAGE.slice(0, 4).join(''));
  });
  const answer = await ask(t, t.token(session.sessionId));
  await answer.until((text) => text.includes('delta'));
  return answer;
}

test('a row that comes after the end of its turn is added to the turn', async () => {
  const answer = await interrupted();
  await database.pool.query(ENDED, [session.turnId]);
  answer.leave();
  const usage = await eventually(async () => {
    const columns = await usageColumns(session.turnId);
    return columns.input > 0 ? columns : null;
  });
  expect(usage).toMatchObject(CUT_OFF);
  const [entry] = await ledgerOf(database.pool, session.sessionId);
  expect(usage.cost).toBe(Number(entry?.cost_nanousd));
});
