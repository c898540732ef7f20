import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './embedded/testing.ts';
import { sql } from './sql.ts';
import { TEST_SERVERS, type TestSchema, type TestServer } from './test-servers.ts';
import { transaction } from './transaction.ts';

describe.each(TEST_SERVERS)('on %s', (_name, start) => {
  let server: TestServer;
  let schema: TestSchema;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    schema = await server.schema();
  });
  afterEach(() => schema.close());

  describe('createPool', () => {
    it('reads bigint as a number, also in arrays, and refuses one that is too large', async () => {
      const { pool } = schema;
      const { rows } = await pool.query('select 42::bigint as one, array[1, null, 9007199254740991]::bigint[] as many');
      expect(rows).toEqual([{ one: 42, many: [1, null, 9007199254740991] }]);
      await expect(pool.query('select 9007199254740993::bigint')).rejects.toThrow(/9007199254740993 is too large/);
      expect((await pool.query('select 1 as fine')).rows).toEqual([{ fine: 1 }]);
    });

    it('reads timestamptz as a Date', async () => {
      const { rows } = await schema.pool.query<{ at: Date }>(`select timestamptz '2026-01-02 03:04:05Z' as at`);
      expect(rows[0]?.at).toEqual(new Date('2026-01-02T03:04:05Z'));
    });

    it('bounds what a statement may take, and says who is asking', async () => {
      const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'application_name'];
      const settings = names.map((name) => `current_setting('${name}') as ${name}`).join(', ');
      const { rows } = await schema.pool.query(`select ${settings}`);
      expect(rows).toEqual([
        {
          statement_timeout: '30s',
          lock_timeout: '15s',
          idle_in_transaction_session_timeout: '10s',
          application_name: 'aaas',
        },
      ]);
    });

    it('logs the loss of an idle connection and opens another', async () => {
      const { pool, logged } = schema;
      const victim = await backendOf(pool);
      const killer = await server.schema({ max: 1 });
      await killer.pool.query('select pg_terminate_backend($1)', [victim]);
      await killer.close();
      await eventually(() => logged.length > 0);
      expect(await backendOf(pool)).not.toBe(victim);
    });
  });

  describe('sql', () => {
    it('makes a statement that is prepared once per connection', async () => {
      const { pool } = schema;
      const add = sql('test.add', 'select $1::int + $2::int as sum');
      const client = await pool.connect();
      for (const n of [1, 2, 3])
        expect((await client.query({ ...add, values: [n, n] })).rows).toEqual([{ sum: 2 * n }]);
      const { rows } = await client.query(`select name, statement from pg_prepared_statements`);
      client.release();
      expect(rows).toEqual([{ name: 'test.add', statement: add.text }]);
      expect(() => sql('x'.repeat(64), 'select 1')).toThrow(RangeError);
    });
  });

  describe('transaction', () => {
    beforeEach(async () => {
      await schema.pool.query('create table accounts (id int primary key, amount int not null)');
      await schema.pool.query('insert into accounts values (1, 10), (2, 10)');
    });
    const amounts = async () =>
      (await schema.pool.query<{ amount: number }>('select amount from accounts order by id')).rows.map(
        (r) => r.amount,
      );

    it('commits what it did, and returns the result', async () => {
      const result = await transaction(schema.pool, async (db) => {
        await db.query('update accounts set amount = 11 where id = 1');
        return 'done';
      });
      expect(result).toBe('done');
      expect(await amounts()).toEqual([11, 10]);
    });

    it('rolls back when the function throws, and leaves a clean connection', async () => {
      const { pool } = schema;
      const failure = new Error('no');
      await expect(
        transaction(pool, async (db) => {
          await db.query('update accounts set amount = 0');
          throw failure;
        }),
      ).rejects.toBe(failure);
      expect(await amounts()).toEqual([10, 10]);
      expect(pool.idleCount).toBe(pool.totalCount);
    });

    it('does not call a transaction committed that PostgreSQL rolled back', async () => {
      await expect(
        transaction(schema.pool, async (db) => {
          await db.query('update accounts set amount = 0');
          await db.query('select 1 / 0').catch(() => {});
        }),
      ).rejects.toThrow(/rolled back/);
      expect(await amounts()).toEqual([10, 10]);
    });

    it('runs again after a deadlock', async () => {
      let runs = 0;
      const bothHoldOne = Promise.withResolvers<void>();
      const move = (from: number, to: number) =>
        transaction(schema.pool, async (db) => {
          runs += 1;
          await db.query('update accounts set amount = amount - 1 where id = $1', [from]);
          if (runs === 2) bothHoldOne.resolve();
          await bothHoldOne.promise;
          await db.query('update accounts set amount = amount + 1 where id = $1', [to]);
        });
      await Promise.all([move(1, 2), move(2, 1)]);
      expect(runs).toBe(3);
      expect(await amounts()).toEqual([10, 10]);
    });

    it('gives up after three retries', async () => {
      let runs = 0;
      await expect(
        transaction(schema.pool, async (db) => {
          runs += 1;
          await db.query(`do $$ begin raise exception 'again' using errcode = '40001'; end $$`);
        }),
      ).rejects.toMatchObject({ code: '40001' });
      expect(runs).toBe(4);
    });

    it('survives the loss of its connection between two statements', async () => {
      const { pool } = schema;
      const lost = transaction(pool, async (db) => {
        const [{ pid } = { pid: 0 }] = (await db.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
        const ended = new Promise<void>((done) => db.once('end', done));
        await pool.query('select pg_terminate_backend($1)', [pid]);
        await ended;
        await db.query('select 1');
      });
      await expect(lost).rejects.toThrow();
      expect(await amounts()).toEqual([10, 10]);
    });
  });
});

async function backendOf(pool: TestSchema['pool']): Promise<number | undefined> {
  return (await pool.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
}
