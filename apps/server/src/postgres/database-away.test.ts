import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDatabaseAway, isDatabaseLate } from './database-away.ts';
import { createPool } from './pool.ts';
import { startTestDatabase, type TestDatabase } from './test-database.ts';
import { transaction } from './transaction.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  await database.pool.query('create table held (id int primary key)');
  await database.pool.query('insert into held values (1)');
});
afterAll(() => database.close());

const LOCK = 'select 1 from held where id = 1 for update';

describe('what the database ends because it takes too long', () => {
  const failureOf = (bound: string, text: string) =>
    transaction(database.pool, async (db) => {
      await db.query(`set local ${bound} = '50ms'`);
      await db.query(text);
    }).catch((error: unknown) => error);

  it('is known by its error: nobody is at fault', async () => {
    const holder = await database.pool.connect();
    await holder.query('begin');
    await holder.query(LOCK);
    const failures = [await failureOf('lock_timeout', LOCK), await failureOf('statement_timeout', LOCK)];
    await holder.query('rollback');
    holder.release();
    expect(failures.map(isDatabaseLate)).toEqual([true, true]);
    expect(failures.map(isDatabaseAway)).toEqual([false, false]);
    expect([new Error('55P03'), { code: '23505' }, null].map(isDatabaseLate)).toEqual([false, false, false]);
  });

  it('is a transaction of one that stands still: whoever waits for what it holds gets it', async () => {
    const pool = createPool(database.target, { max: 1, log: { warn: () => {} }, leaseMs: 300 });
    const held = Promise.withResolvers<void>();
    const waited = Promise.withResolvers<void>();
    const stopped = transaction(pool, async (db) => {
      await db.query(LOCK);
      held.resolve();
      await waited.promise;
      await db.query('select 1');
    }).catch((error: unknown) => error);
    await held.promise;
    await database.pool.query(LOCK);
    waited.resolve();
    const failure = await stopped;
    expect(isDatabaseLate(failure) || isDatabaseAway(failure)).toBe(true);
    // And its pool goes on with another connection.
    expect((await pool.query('select 1 as fine')).rows).toEqual([{ fine: 1 }]);
    await pool.end();
  });
});
