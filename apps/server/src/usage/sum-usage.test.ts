import type { UsageDimension } from '@aaas/contract/usage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertModelRequest } from '../gateway/ledger/insert-model-request.ts';
import { addSession } from '../gateway/testing.ts';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { sumUsage, type UsageFilter, wholeDays } from './sum-usage.ts';

const DAY = 86_400_000;
const FIRST = Date.parse('2026-11-01T00:00:00Z');
const MODELS = ['claude-sonnet-5-5', 'claude-opus-5-5', 'unknown'];

type Session = Awaited<ReturnType<typeof addSession>>;
let database: TestDatabase;
let ours: Session;
let others: Session;
/** What was written: the model answer for each query below. */
const written: { at: number; session: Session; model: string; tokens: number }[] = [];

beforeAll(async () => {
  database = await startTestDatabase();
  [ours, others] = [await addSession(database.pool), await addSession(database.pool)];
  const keys = [`apikey_a`, null];
  for (let n = 0; n < 200; n++) {
    const session = n % 3 === 0 ? others : ours;
    const at = FIRST + ((n * 7919) % 100) * (DAY / 20);
    const model = MODELS[n % MODELS.length] as string;
    written.push({ at, session, model, tokens: n });
    await database.pool.query('update turns set key_id = $2 where session_id = $1', [session.sessionId, keys[n % 2]]);
    await insertModelRequest(database.pool, {
      id: `mreq_${n}`,
      at: new Date(at),
      principal: { ...session, generation: 1, temperature: null, simulated: false },
      upstream: n % 5 === 0 ? 'second' : 'first',
      model,
      status: 200,
      stopReason: 'end_turn',
      attempts: 1,
      usage: {
        inputTokens: n,
        outputTokens: 1,
        cacheReadInputTokens: 2,
        cacheCreation5mInputTokens: 3,
        cacheCreation1hInputTokens: 4,
      },
      cost: model === 'unknown' ? null : { nanousd: n, version: 'test' },
      firstByteMs: 1,
      uncountedOutputTokens: 0,
      durationMs: 1,
    });
  }
});
afterAll(() => database?.close());

function sum(filter: Partial<UsageFilter>, groupBy: UsageDimension[], limit = 1_000, after: string[] | null = null) {
  const span = { since: new Date(FIRST), until: new Date(FIRST + 10 * DAY) };
  return sumUsage(database.pool, { workspaceId: ours.workspaceId, ...span, ...filter }, groupBy, { after, limit });
}

const expected = (choose: (row: (typeof written)[number]) => boolean) => {
  const rows = written.filter((row) => row.session === ours && choose(row));
  return { requests: rows.length, input_tokens: rows.reduce((total, { tokens }) => total + tokens, 0) };
};

test('days that are summed already and the hours around them add up to the ledger, at any cut', async () => {
  for (const [since, until] of [
    [0, 10 * DAY],
    [DAY / 2, 3.3 * DAY],
    [DAY, 2 * DAY],
    [1.1 * DAY, 1.9 * DAY],
    [0.9 * DAY, 2.1 * DAY],
    [DAY, 2 * DAY + 1],
    [4 * DAY - 1, 4 * DAY],
  ] as const) {
    const span = { since: new Date(FIRST + since), until: new Date(FIRST + until) };
    const inside = expected(({ at }) => at >= FIRST + since && at < FIRST + until);
    for (const groupBy of [['day'], ['session'], ['agent', 'model', 'key', 'upstream']] as UsageDimension[][]) {
      const { totals, groups } = await sum(span, groupBy);
      expect(totals).toMatchObject(inside);
      expect(groups.reduce((total, { requests }) => total + requests, 0)).toBe(inside.requests);
    }
  }
  expect(wholeDays({ since: new Date(FIRST + 1), until: new Date(FIRST + DAY) })).toEqual({
    from: new Date(FIRST + DAY),
    to: new Date(FIRST + DAY),
  });
});

test('filters and groups: by model, by key, by session; what has no price is counted', async () => {
  const all = expected(() => true);
  const { totals, groups } = await sum({}, ['model']);
  expect(totals).toMatchObject({ ...all, output_tokens: all.requests, unpriced_requests: expect.any(Number) });
  expect(groups.map(({ model }) => model)).toEqual(
    ['claude-opus-5-5', 'claude-sonnet-5-5', 'unknown'].filter((name) =>
      written.some(({ session, model }) => session === ours && model === name),
    ),
  );
  for (const group of groups) {
    expect(group).toMatchObject(expected(({ model }) => model === group.model));
    expect(group.unpriced_requests).toBe(group.model === 'unknown' ? group.requests : 0);
  }
  expect((await sum({ model: 'unknown' }, ['day'])).totals).toMatchObject(expected(({ model }) => model === 'unknown'));
  expect((await sum({}, ['key'])).groups.map(({ key_id }) => key_id)).toEqual([null, 'apikey_a']);
  expect((await sum({ sessionId: ours.sessionId }, ['day'])).totals).toMatchObject(all);
  expect((await sum({ agentType: 'general' }, ['agent_type'])).groups).toEqual([
    expect.objectContaining({ agent_type: 'general', ...all }),
  ]);
});

test('another tenant has no part in it, by any filter', async () => {
  for (const filter of [
    { agentId: others.agentId },
    { sessionId: others.sessionId },
    { workspaceId: 'wrkspc_none' },
    { model: `' or true --` },
  ]) {
    const { totals, groups } = await sum(filter, ['agent', 'session']);
    expect([totals.requests, totals.cost_nanousd, groups]).toEqual([0, 0, []]);
  }
});

test('pages follow one another without a gap, whatever is null', async () => {
  const groupBy: UsageDimension[] = ['key', 'day', 'model'];
  const whole = (await sum({}, groupBy)).groups;
  const paged = [];
  for (let after: string[] | null = null; ; ) {
    const { groups } = await sum({}, groupBy, 3, after);
    paged.push(...groups);
    after = groups.at(-1)?.place ?? null;
    if (after === null) break;
  }
  expect(paged).toEqual(whole);
});
