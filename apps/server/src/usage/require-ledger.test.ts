import type { UsageDimension } from '@aaas/contract/usage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertModelRequest } from '../gateway/ledger/insert-model-request.ts';
import { removeModelRequests } from '../gateway/ledger/ledger-retention.ts';
import { addSession } from '../gateway/testing.ts';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { requireLedger } from './require-ledger.ts';
import { sumUsage, type UsageFilter } from './sum-usage.ts';

const DAY = 86_400_000;
const FIRST = Date.parse('2026-03-01T00:00:00Z');
const NOW = new Date(FIRST + 100 * DAY);
const CUT = new Date(FIRST + 5 * DAY);
const never = new AbortController().signal;

let database: TestDatabase;
let session: Awaited<ReturnType<typeof addSession>>;
beforeAll(async () => {
  database = await startTestDatabase();
  session = await addSession(database.pool);
  const cost = { nanousd: 7, version: 'test' };
  const usage = {
    inputTokens: 1,
    outputTokens: 2,
    cacheReadInputTokens: 0,
    cacheCreation5mInputTokens: 0,
    cacheCreation1hInputTokens: 0,
  };
  for (let n = 0; n < 40; n++) {
    await insertModelRequest(database.pool, {
      ...{
        id: `mreq_${n}`,
        at: new Date(FIRST + n * 0.25 * DAY),
        upstream: 'first',
        model: 'm',
        status: 200,
        usage,
        cost,
      },
      principal: { ...session, generation: 1, temperature: null, simulated: false },
      ...{ stopReason: 'end_turn', attempts: 1, firstByteMs: 1, uncountedOutputTokens: 0, durationMs: 1 },
    });
  }
});
afterAll(() => database?.close());

const ask = async (fromDay: number, toDay: number, groupBy: UsageDimension[], more: Partial<UsageFilter> = {}) => {
  const span = { since: new Date(FIRST + fromDay * DAY), until: new Date(FIRST + toDay * DAY) };
  const filter = { workspaceId: session.workspaceId, ...span, ...more };
  await requireLedger(database.pool, filter, groupBy, NOW);
  return (await sumUsage(database.pool, filter, groupBy, { after: null, limit: 100 })).totals.requests;
};

test('what is removed of the ledger stays in the sums of days; what only it knew is refused, never less', async () => {
  const by: UsageDimension[] = ['agent', 'model', 'key', 'upstream', 'day'];
  expect([await ask(0, 10, by), await ask(0, 10, ['session']), await ask(1.5, 3, ['day'])]).toEqual([40, 40, 6]);
  expect(await removeModelRequests(database.pool, CUT, never)).toBe(20);
  const { rows } = await database.pool.query('select count(*)::int as left, min(at) as oldest from model_requests');
  expect(rows[0]).toEqual({ left: 20, oldest: CUT });

  expect(await ask(0, 10, by)).toBe(40);
  expect(await ask(2, 7.5, ['day'])).toBe(22);
  expect(await ask(5, 10, ['session'])).toBe(20);
  expect(await ask(5.5, 10, ['day'])).toBe(18);
  const gone = { code: 'no_longer_kept' };
  await expect(ask(0, 10, ['session'])).rejects.toMatchObject(gone);
  await expect(ask(4.9, 10, ['day'], { sessionId: session.sessionId })).rejects.toMatchObject(gone);
  await expect(ask(1.5, 10, ['day'])).rejects.toMatchObject(gone);
  await expect(ask(0, 3.5, ['day'])).rejects.toMatchObject(gone);
  await expect(ask(1.2, 1.4, ['day'])).rejects.toMatchObject(gone);

  // A setting that is raised again brings nothing back.
  await removeModelRequests(database.pool, new Date(FIRST), never);
  await expect(ask(0, 10, ['session'])).rejects.toMatchObject(gone);
});
