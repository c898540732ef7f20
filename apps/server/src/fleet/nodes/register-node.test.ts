import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { changeDrain } from '../draining/change-drain.ts';
import { registerNode } from './register-node.ts';
import { leaveFleet } from './renew-lease.ts';

const PATIENCE_MS = 1_000;
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
  const facts = {
    roles: ['worker'] as const,
    capacity: 1,
    version: '',
    region: 'eu',
    labels,
    patienceMs: PATIENCE_MS,
    keepsDirectories: false,
  };
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

it('takes the place of a life that the database still hears nothing of, and of no other', async () => {
  const first = await register();
  const beat = () => database.pool.query('update nodes set heartbeat_at = now()');
  const beating = setInterval(beat, 200);
  await expect(register()).rejects.toThrow('Another AaaS server already runs');
  clearInterval(beating);
  // Its connection is open, and nobody beats any more.
  const began = Date.now();
  const second = await register();
  expect(Date.now() - began).toBeLessThan(4 * PATIENCE_MS);
  expect(second.node.incarnation).toBe(Number(first.node.incarnation) + 1);
  await first.crash();
  await second.crash();
});
