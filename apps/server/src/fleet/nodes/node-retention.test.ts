import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { addSession, testContext } from '../../sessions/testing.ts';
import { forgetNodes } from './node-retention.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.close());

it('forgets nodes that have long been gone, and none that has what nobody else has', async () => {
  const { pool } = database;
  const ctx = testContext(pool);
  await pool.query(
    `insert into nodes (id, roles, version, capacity, pid, heartbeat_at)
     select id, '{worker}', '1', 1, 1, now() - age::interval
       from (values ('node_gone', '31 days'), ('node_away', '29 days'), ('node_owns', '90 days'), ('node_keeps', '90 days')) v (id, age)`,
  );
  const [owned, kept] = [await addSession(ctx, false), await addSession(ctx, false)];
  await pool.query(`update session_heads set owner = 'node_owns' where session_id = $1`, [owned]);
  await pool.query(`update sessions set directory_node = 'node_keeps', directory_unsaved = true where id = $1`, [kept]);
  expect(await forgetNodes(pool)).toEqual(['node_gone']);
  await pool.query(`update sessions set directory_unsaved = false where id = $1`, [kept]);
  expect(await forgetNodes(pool)).toEqual(['node_keeps']);
});
