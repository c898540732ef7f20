import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { chooseHome } from './choose-home.ts';
import { KnownNodes } from './known-nodes.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  for (const [id, idle] of [
    ['node_a', 1],
    ['node_b', 2],
    ['node_c', 3],
  ] as const) {
    await database.pool.query(
      `insert into nodes (id, roles, version, capacity, pid, address, load) values ($1, '{worker}', '', 10, 1, 'http://' || $1, $2)`,
      [id, { places: { idle, working: 0 } }],
    );
  }
});
afterAll(() => database.close());

/** What a node chooses while some drain. */
async function choice(nodeId: string, isWorker: boolean, drain: string[]): Promise<string | null> {
  await database.pool.query('update nodes set draining_since = case when id = any ($1) then now() end', [drain]);
  const nodes = new KnownNodes({
    ...{ pool: database.pool, nodeId, goneAfterMs: 60_000 },
    log: pino({ level: 'silent' }),
  });
  // It ends its first look before it closes.
  await nodes.close();
  expect(nodes.all().some(({ id }) => id === nodeId)).toBe(false);
  const home = chooseHome(nodes, isWorker);
  return home === null || home === 'here' ? home : home.id;
}

it.each<[string, boolean, string[], string]>([
  ['node_api', false, [], 'node_a'],
  ['node_api', false, ['node_a'], 'node_b'],
  ['node_api', false, ['node_a', 'node_b', 'node_c'], 'node_a'],
  ['node_c', true, ['node_a'], 'here'],
  ['node_c', true, ['node_c'], 'node_a'],
  ['node_c', true, ['node_a', 'node_c'], 'node_b'],
  ['node_c', true, ['node_a', 'node_b', 'node_c'], 'here'],
])('%s (a worker: %s) makes a directory, while %j drain, on %s', async (nodeId, isWorker, drain, home) => {
  expect(await choice(nodeId, isWorker, drain)).toBe(home);
});

it('finds none where there is no worker', async () => {
  await database.pool.query(`update nodes set roles = '{gateway}'`);
  expect(await choice('node_api', false, [])).toBeNull();
});
