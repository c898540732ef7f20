import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { addSession, testContext } from '../sessions/testing.ts';
import { tailLog } from './tail-log.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.close());

it('ends when its session was deleted on another node and the hint was lost', async () => {
  const ctx = testContext(database.pool);
  const [deleted, silent] = [await addSession(ctx, false), await addSession(ctx, false)];
  const closing = new AbortController();
  const read = async (sessionId: string) => {
    const seen: string[] = [];
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(15_000)]);
    for await (const { kind } of tailLog(ctx, sessionId, 0, signal)) seen.push(kind);
    return seen;
  };
  const reading = [read(deleted), read(silent)];
  await ctx.pool.query('delete from sessions where id = $1', [deleted]);
  expect(await reading[0]).toEqual(['deleted']);
  closing.abort();
  expect(await reading[1]).toEqual([]);
});
