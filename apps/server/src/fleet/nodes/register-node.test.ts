import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { changeDrain } from '../draining/change-drain.ts';
import { registerNode } from './register-node.ts';
import { leaveFleet } from './renew-lease.ts';

let database: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  database = await startTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'aaas-node-'));
});
afterAll(async () => {
  await database.close();
  await rm(dataDir, { recursive: true });
});

async function register(labels: Record<string, string> = {}) {
  const { pool, target } = database;
  const facts = { roles: ['worker'] as const, capacity: 1, version: '', region: 'eu', labels, patienceMs: 5_000 };
  const node = await registerNode({ pool, target, dataDir, ...facts });
  const row = async () =>
    (
      await pool.query(
        'select labels, region, draining_since is not null as drains, drained_at from nodes where id = $1',
        [node.id],
      )
    ).rows[0];
  return { node, row, crash: () => node.connection.close() };
}

it('goes on draining after a crash, and works again when it was stopped in order', async () => {
  const first = await register({ gpu: 'a100' });
  expect(await first.row()).toEqual({ labels: { gpu: 'a100' }, region: 'eu', drains: false, drained_at: null });
  expect(await changeDrain(database.pool, first.node.id, true)).toBe('changed');
  await database.pool.query('update nodes set drained_at = now()');
  await first.crash();
  const second = await register();
  expect(await second.row()).toEqual({ labels: {}, region: 'eu', drains: true, drained_at: null });
  await leaveFleet(second.node.connection, second.node);
  expect(await changeDrain(database.pool, second.node.id, true)).toBe('no_node');
  await second.crash();
  const third = await register();
  expect(await third.row()).toMatchObject({ drains: false });
  await database.pool.query(`update nodes set roles = '{api}'`);
  expect(await changeDrain(database.pool, third.node.id, true)).toBe('no_worker');
  await third.crash();
});
