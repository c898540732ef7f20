import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { scanBody } from '../request/scan-body.ts';
import { addSession, addTurn, eventually, ledgerOf, startTestGateway, type TestGateway } from '../testing.ts';
import { ASK, ask } from '../testing-client.ts';
import { type Act, MESSAGE, SSE_HEADERS, streamMessage } from '../testing-upstream.ts';
import { estimateCost } from './estimate-cost.ts';

/** What one answer of the upstream costs, and a request that reserves more than that. */
const COST = 12 * 3000 + 41 * 15_000 + 3000 * 300 + 500 * 3750 + 70 * 6000;
const USD = COST / 1e9;
const TOKENS = 12 + 41 + 3000 + 500 + 70;
const BODY = { ...ASK, max_tokens: 1_000 };
const NOON = Date.parse('2026-11-05T12:00:00Z');

type Session = Awaited<ReturnType<typeof addSession>>;
let database: TestDatabase;
const gateways: TestGateway[] = [];
let session: Session;
let wall: number;

beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database?.close());
beforeEach(async () => {
  wall = NOON;
  session = await addSession(database.pool);
});
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
});

async function start(options: Parameters<typeof startTestGateway>[1] = {}): Promise<TestGateway> {
  const t = await startTestGateway(database.pool, { retry: { wall: () => wall++, pingEveryMs: 20 }, ...options });
  t.upstream.play(streamMessage);
  gateways.push(t);
  return t;
}

/** Another session of the same workspace, of an agent of its own, with a running turn. */
async function another(): Promise<Session> {
  const { workspaceId } = session;
  const fresh = await addSession(database.pool);
  for (const table of ['agent_versions', 'sessions', 'turns', 'agents']) {
    const column =
      table === 'agents' ? 'id' : table === 'agent_versions' || table === 'sessions' ? 'agent_id' : 'session_id';
    const value = table === 'turns' ? fresh.sessionId : fresh.agentId;
    await database.pool.query(`update ${table} set workspace_id = $1 where ${column} = $2`, [workspaceId, value]);
  }
  return { ...fresh, workspaceId };
}

function limitWorkspace(limits: object, setBy = 'workspace') {
  return database.pool.query(
    `insert into budgets (workspace_id, set_by, limits) values ($1, $2, $3)
     on conflict (workspace_id, set_by) do update set limits = excluded.limits`,
    [session.workspaceId, setBy, limits],
  );
}

function limitAgent(budget: object, agentId = session.agentId) {
  return database.pool.query(
    `update agent_versions set definition = definition || jsonb_build_object('budget', $1::jsonb) where agent_id = $2`,
    [budget, agentId],
  );
}

async function send(t: TestGateway, to: Session = session, body: object = BODY) {
  const answer = await ask(t, t.token(to.sessionId), { body });
  const text = await answer.whole();
  return { status: answer.status, text, error: answer.status === 200 ? null : JSON.parse(text).error };
}

async function noticesOf(type: string, of: { sessionId?: string; workspaceId?: string } = session) {
  const { rows } = await database.pool.query<{ payload: string; turn_id: string }>(
    'select payload, turn_id from notices where type = $1 and (session_id = $2 or workspace_id = $3) order by at, id',
    [type, of.sessionId ?? null, of.sessionId ? null : of.workspaceId],
  );
  return rows.map(({ payload, turn_id }) => ({ ...JSON.parse(payload), turn_id }));
}

test('the request after the limit is refused once and for all, and says which budget, how much and what to do', async () => {
  const t = await start();
  await limitAgent({ per_day_usd: USD * 1.5 });
  expect((await send(t)).status).toBe(200);
  expect((await send(t)).status).toBe(200);
  const asked = t.upstream.seen.length;
  const refused = await ask(t, t.token(session.sessionId), { body: BODY });
  expect(refused.status).toBe(402);
  expect(refused.headers['x-should-retry']).toBe('false');
  const { error } = JSON.parse(await refused.whole());
  expect(error.type).toBe('billing_error');
  expect(error.message).toBe(
    'The budget of this agent per day is used up: 0.007692 of 0.005769 USD spent. It begins again at 2026-11-06T00:00:00.000Z; raise config.budget.per_day_usd of the agent to go on before.',
  );
  expect((await send(t)).status).toBe(402);
  expect(t.upstream.seen).toHaveLength(asked);
  expect(await noticesOf('x.budget_exceeded')).toEqual([
    expect.objectContaining({
      type: 'x.budget_exceeded',
      turn_id: session.turnId,
      scope: 'agent',
      period: 'day',
      limit_usd: 0.005769,
      spent_usd: 0.007692,
      message: error.message,
    }),
  ]);

  wall = Date.parse('2026-11-06T00:00:00Z');
  expect((await send(t)).status).toBe(200);
});

test('sessions of one workspace behind two gateways overshoot by one request together, and are warned once', async () => {
  const both = await Promise.all([start(), start()]);
  const sessions = await Promise.all(Array.from({ length: 24 }, another));
  await limitWorkspace({ per_day_usd: USD * 7.5 });
  const answers = await Promise.all(sessions.map((one, index) => send(both[index % 2] as TestGateway, one)));
  // Those that waited heard pings: their refusal is an event.
  expect(answers.filter(({ text }) => text.includes('billing_error'))).toHaveLength(24 - 8);
  expect(both.reduce((sum, { upstream }) => sum + upstream.seen.length, 0)).toBe(8);
  const warnings = await noticesOf('x.budget_warning', { workspaceId: session.workspaceId });
  expect(warnings.map(({ scope, period, threshold }) => [scope, period, threshold]).sort()).toEqual([
    ['workspace', 'day', 100],
    ['workspace', 'day', 50],
    ['workspace', 'day', 80],
  ]);
});

test('requests of one turn do not overrun it side by side; the next turn begins anew', async () => {
  const t = await start();
  await limitAgent({ per_turn_usd: USD * 0.5 });
  const answers = await Promise.all(Array.from({ length: 8 }, () => send(t)));
  expect(answers.map(({ status, text }) => status === 200 && text.includes('message_stop'))).toContain(true);
  expect(t.upstream.seen).toHaveLength(1);
  expect(await noticesOf('x.budget_exceeded')).toHaveLength(1);
  await database.pool.query(`update turns set state = 'failed', ended_at = now() where id = $1`, [session.turnId]);
  const next = await addTurn(database.pool, session, 2, 'running');
  expect((await send(t)).status).toBe(200);
  expect((await send(t)).error.message).toContain('per turn is used up');
  expect((await noticesOf('x.budget_warning')).map(({ turn_id, threshold }) => [turn_id, threshold])).toEqual([
    ...[50, 80, 100].map((threshold) => [session.turnId, threshold]),
    ...[50, 80, 100].map((threshold) => [next, threshold]),
  ]);
});

test('one that waits hears pings and goes on when the other has ended, also when its process has died', async () => {
  const t = await start();
  await limitWorkspace({ total_usd: USD * 1.5 });
  let finish = () => {};
  const slow: Act = (res) => {
    res.writeHead(200, SSE_HEADERS).write(MESSAGE[0] ?? '');
    finish = () => res.end(MESSAGE.slice(1).join(''));
  };
  t.upstream.play(slow, streamMessage);
  const first = ask(t, t.token(session.sessionId), { body: BODY });
  await eventually(() => t.upstream.seen.length === 1);
  const second = await ask(t, t.token((await another()).sessionId), { body: BODY });
  await second.until((text) => text.startsWith('event: ping'));
  expect(t.upstream.seen).toHaveLength(1);
  finish();
  expect(await (await first).whole()).toContain('message_stop');
  expect(await second.whole()).toContain('message_stop');

  await database.pool.query(
    `insert into budget_reservations values ('mreq_dead', $1, 'agent_x', 'sesn_x', $2, 1, now() + interval '700 ms')`,
    [session.workspaceId, COST],
  );
  await limitWorkspace({ total_usd: USD * 2.5 });
  expect((await send(t)).text).toContain('message_stop');
  expect((await send(t)).status).toBe(402);
});

test('the ceiling of the operator holds beside what the workspace sets', async () => {
  const t = await start();
  await limitWorkspace({ per_month_usd: USD * 0.9 }, 'platform');
  await limitWorkspace({ per_month_usd: 1_000_000 });
  expect((await send(t)).status).toBe(200);
  expect((await send(t)).error.message).toMatch(
    /^The budget of this workspace per month is used up: .* It begins again at 2026-12-01T.* have the operator/,
  );
  // Another tenant has nothing to do with it.
  expect((await send(t, await addSession(database.pool))).status).toBe(200);
});

test('a model without a price does not slip under a budget in USD; tokens are counted whatever they cost', async () => {
  const t = await start();
  await limitAgent({ total_usd: 5 });
  expect(await send(t, session, { ...BODY, model: 'some-other-model' })).toMatchObject({
    status: 402,
    error: { message: expect.stringContaining('no price is known') },
  });
  expect(t.upstream.seen).toEqual([]);
  await limitAgent({ total_tokens: TOKENS + 1 });
  for (const status of [200, 200, 402]) {
    expect((await send(t, session, { ...BODY, model: 'some-other-model' })).status).toBe(status);
  }
  const free = await start({ simulated: true });
  const other = await addSession(database.pool);
  await limitAgent({ total_usd: USD / 10 }, other.agentId);
  for (let n = 0; n < 3; n++) expect((await send(free, other)).status).toBe(200);
});

test('a budget that is set under way holds within two seconds; 0 lets nothing through', async () => {
  const t = await start();
  expect((await send(t)).status).toBe(200);
  await limitAgent({ per_day_usd: 0 });
  await eventually(async () => (await send(t)).status === 402);
  expect(await noticesOf('x.budget_warning')).toEqual([]);
});

test('counters and turns are what the ledger says, whatever comes at once or late', async () => {
  const t = await start();
  const sessions = [session, await another(), await another()];
  await Promise.all(sessions.flatMap((one) => Array.from({ length: 12 }, () => send(t, one))));
  // A request of the day before, whose row comes late.
  wall = Date.parse('2026-11-04T23:59:59Z');
  await send(t);
  wall = Date.parse('2026-11-05T13:00:00Z');
  await send(t);
  const { rows } = await database.pool.query(
    `select sum(total_nanousd)::bigint as total, sum(day_nanousd)::bigint as day, sum(total_tokens)::bigint as tokens,
            sum(month_nanousd)::bigint as month
       from spend where scope_id = $1 and day = '2026-11-05'`,
    [session.workspaceId],
  );
  expect(rows).toEqual([{ total: 38 * COST, day: 37 * COST, month: 38 * COST, tokens: 38 * TOKENS }]);
  for (const one of sessions) {
    const ledger = (await ledgerOf(database.pool, one.sessionId)).filter(({ turn_id }) => turn_id === one.turnId);
    const turn = await database.pool.query('select cost_nanousd, output_tokens from turns where id = $1', [one.turnId]);
    expect(turn.rows).toEqual([{ cost_nanousd: ledger.length * COST, output_tokens: ledger.length * 41 }]);
  }
});

test('a database that does not answer lets nothing through unseen', async () => {
  const t = await start();
  await limitAgent({ per_day_usd: 1 });
  await send(t);
  await database.pool.query('alter table budgets rename to budgets_away');
  const { status, error } = await send(t);
  await database.pool.query('alter table budgets_away rename to budgets');
  expect({ status, message: error.message }).toEqual({
    status: 503,
    message: expect.stringContaining('cannot be checked'),
  });
});

test('what a request may cost follows from whoever may serve it, by the names they give the model', () => {
  const facts = scanBody(Buffer.from('{"model":"fast","max_tokens":1000}'));
  const served = (...models: string[]) => models.map((model) => ({ upstream: { simulated: model === 'free' }, model }));
  const cost = (...models: string[]) => facts && estimateCost(facts, 3_000, served(...models)).nanousd;
  const sonnet = 1_000 * 3_750 + 1_000 * 15_000;
  expect(cost('claude-sonnet-4-5')).toBe(sonnet);
  expect(cost('claude-haiku-4-5', 'claude-sonnet-4-5', 'free')).toBe(sonnet);
  expect(cost('claude-sonnet-4-5', 'nobody-knows')).toBeNull();
  expect(cost('free')).toBe(0);
});
