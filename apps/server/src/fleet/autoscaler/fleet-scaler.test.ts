import { Settings } from '@aaas/contract/settings';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { addSession, testContext } from '../../sessions/testing.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { FleetScaler } from './fleet-scaler.ts';
import { listDecisions } from './list-decisions.ts';
import type { NodeSample } from './signals/samples.ts';
import { purgeScaling } from './upkeep.ts';
import { viewAutoscaler, viewDesired } from './view-autoscaler.ts';

let database: TestDatabase;
let settings: Settings;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.close());

// A window of one look: each test says at once how things are.
const SHORT = { SCALE_LOOP_SECONDS: '30', SCALE_WINDOW_SECONDS: '30', SCALE_UP_COOLDOWN_SECONDS: '0' };
beforeEach(async () => {
  settings = Settings.parse({ ...SHORT, SCALE_DOWN_COOLDOWN_SECONDS: '0' });
  await database.pool.query(`truncate nodes, scale_samples, scale_decisions; truncate sessions cascade;
    delete from fleet_scale; insert into fleet_scale default values`);
  for (const id of ['node_a', 'node_b']) await addNode(id);
});

async function addNode(id: string): Promise<void> {
  await database.pool.query(
    `insert into nodes (id, roles, version, capacity, pid) values ($1, '{api,worker}', '', 10, 1)`,
    [id],
  );
}

function scalerOf(nodeId: string) {
  const metrics = createMetrics();
  const log = pino({ level: 'silent' });
  const scaler = new FleetScaler({ pool: database.pool, nodeId, settings, metrics, log });
  const text = async (name: string) => (await metrics.registry.getSingleMetricAsString(name)).split('\n').at(-1) ?? '';
  return { scaler, look: () => scaler.look(), text };
}

/** The node says that so many of its ten places are held, and so many of those idle. */
async function says(nodeId: string, held: number, idle = 0, arrivals = 0): Promise<void> {
  const sample: NodeSample = {
    ...{ seconds: 30, arrivals, starts_ms: [400, 600], starts_waiting: 0 },
    worker: { places: 10, held, idle, spares_asked: 0, memory_used: 1, memory_total: 4 },
    standing: { spares: null, idle_seconds: 300, signals: null },
  };
  await database.pool.query('insert into scale_samples (node_id, sample) values ($1, $2)', [nodeId, sample]);
}

async function forget(): Promise<void> {
  await database.pool.query('delete from scale_samples');
}

const desired = async () => (await viewDesired(database.pool, settings))?.desired_nodes ?? null;
const decisions = async () =>
  (await listDecisions(database.pool, { limit: 100 })).map(
    ({ action, from, to, reason }) => `${action} ${from} ${to} ${reason}`,
  );

it('one node decides for all, another one goes on when it is gone', async () => {
  const [a, b] = [scalerOf('node_a'), scalerOf('node_b')];
  expect(await viewDesired(database.pool, settings)).toBeNull();
  await says('node_a', 10);
  await says('node_b', 9);
  await Promise.all([a.look(), b.look()]);
  expect(await decisions()).toEqual(['up 2 3 use_high']);
  const first = (await viewAutoscaler(database.pool, settings)).fleet.leader;
  expect(['node_a', 'node_b']).toContain(first);
  const [leader, other] = first === 'node_a' ? [a, b] : [b, a];
  for (let n = 0; n < 2; n++) await Promise.all([a.look(), b.look()]);
  // The third node has not come: nobody asks for more.
  expect(await decisions()).toEqual(['hold 3 3 nodes_coming', 'up 2 3 use_high']);
  for (const { text } of [a, b]) expect(await text('aaas_fleet_desired_nodes')).toBe('aaas_fleet_desired_nodes 3');

  // A node that sends no heartbeat leads nobody, though its term has not ended.
  await database.pool.query(`update nodes set heartbeat_at = now() - interval '1 minute' where id = $1`, [first]);
  await addNode('node_c');
  await forget();
  for (const id of ['node_a', 'node_b', 'node_c']) await says(id, 0);
  await other.look();
  expect((await viewAutoscaler(database.pool, settings)).fleet.leader).not.toBe(first);
  expect((await decisions())[0]).toBe('down 3 2 use_low');
  await leader.look();
  expect((await decisions()).length).toBe(3);

  // One that stops says so.
  await database.pool.query('update nodes set heartbeat_at = now()');
  await other.scaler.close();
  await leader.look();
  expect((await viewAutoscaler(database.pool, settings)).fleet.leader).toBe(first);
});

it('names the nodes that can best be done without', async () => {
  for (const id of ['node_c', 'node_d']) await addNode(id);
  for (const [id, held, idle] of [
    ['node_a', 4, 2],
    ['node_b', 3, 3],
    ['node_c', 1, 0],
    ['node_d', 1, 1],
  ] as const)
    await says(id, held, idle);
  await scalerOf('node_a').look();
  const { fleet } = await viewAutoscaler(database.pool, settings);
  expect(fleet).toMatchObject({ desired_nodes: 3, live_nodes: 4, reason: 'use_low', drain_candidates: ['node_d'] });
  expect(fleet.signals).toMatchObject({ use: 0.075, slot_use: 0.225, start_p50_ms: 400, start_p95_ms: 600, starts: 8 });
  const [decision] = await listDecisions(database.pool, { limit: 1, scope: 'fleet' });
  expect(decision).toMatchObject({
    ...{ action: 'down', from: 4, to: 3, signal: 'use', value: 0.075, threshold: 0.3 },
    ...{ drain_candidates: ['node_d'], cooldown_until: expect.any(String), signals: fleet.signals },
  });
});

it('counts no node that drains, and names none to be drained', async () => {
  for (const id of ['node_c', 'node_d']) await addNode(id);
  for (const id of ['node_a', 'node_b', 'node_c']) await says(id, 1);
  await database.pool.query(`update nodes set draining_since = now() where id = 'node_d'`);
  await scalerOf('node_a').look();
  expect((await viewAutoscaler(database.pool, settings)).fleet).toMatchObject({
    ...{ desired_nodes: 2, live_nodes: 3, reason: 'use_low', drain_candidates: ['node_a'] },
  });
});

it('sees who waits for a place and for how long', async () => {
  for (const id of ['node_a', 'node_b']) await says(id, 5);
  const ctx = testContext(database.pool);
  for (let n = 0; n < 3; n++) await addSession(ctx);
  const { look } = scalerOf('node_a');
  await look();
  expect((await decisions())[0]).toBe('hold 2 2 within_thresholds');
  await database.pool.query(`update session_heads set runnable_at = now() - interval '20 seconds'`);
  await database.pool.query('delete from scale_samples where node_id is null');
  await look();
  expect((await decisions())[0]).toBe('up 2 3 queue_waits');
  expect((await viewAutoscaler(database.pool, settings)).fleet.signals).toMatchObject({ waiting: 3, use: 0.65 });

  // Two of them wait for a node that alone has their files: another node would not help them.
  await database.pool.query(`update nodes set keeps_directories = true where id = 'node_b';
    update session_heads set held_by = 'node_b' where session_id in (select session_id from session_heads order by 1 limit 2);
    delete from scale_samples where node_id is null`);
  await look();
  expect((await viewAutoscaler(database.pool, settings)).fleet.signals).toMatchObject({ waiting: 1 });
});

it('counts places whose agents are asked for as used, and idle ones that are not as free', async () => {
  for (const id of ['node_a', 'node_b']) await says(id, 9, 9);
  const { look } = scalerOf('node_a');
  await look();
  expect((await decisions())[0]).toBe('down 2 1 use_low');
  await forget();
  for (const id of ['node_a', 'node_b']) await says(id, 9, 9, 10);
  await look();
  // 36 of them have got something to do within the minute.
  expect((await decisions())[0]).toBe('up 1 3 use_high');
});

it('holds while a node is silent, and says so once', async () => {
  await says('node_a', 10);
  const { look } = scalerOf('node_a');
  await look();
  await look();
  expect(await decisions()).toEqual(['hold 2 2 data_missing']);
  expect((await viewAutoscaler(database.pool, settings)).fleet.detail).toBe('1 of 2 nodes are silent');
  settings.ENABLE_AUTO_SCALING = false;
  await look();
  expect((await decisions())[0]).toBe('hold 2 2 switched_off');
  expect(await desired()).toBe(2);
});

it('writes nothing when its term has ended while it looked', async () => {
  for (const id of ['node_a', 'node_b']) await says(id, 10);
  const { look } = scalerOf('node_a');
  await look();
  expect(await desired()).toBe(3);
  // Another node leads as soon as this one has begun.
  await database.pool.query(
    `create or replace function take_over() returns trigger language plpgsql as $$
       begin update fleet_scale set leader = 'node_b' where leader = 'node_a'; return null; end $$`,
  );
  await database.pool.query(
    'create trigger take_over after update of leader on fleet_scale for each row when (new.leader is not null) execute function take_over()',
  );
  try {
    await forget();
    for (const id of ['node_a', 'node_b']) await says(id, 0);
    await look();
  } finally {
    await database.pool.query('drop function take_over cascade');
  }
  expect(await desired()).toBe(3);
  expect((await decisions()).length).toBe(1);
});

it('keeps samples for a day and decisions for as long as it is told', async () => {
  for (const id of ['node_a', 'node_b']) await says(id, 10);
  await scalerOf('node_a').look();
  await database.pool.query(`update scale_samples set at = now() - interval '25 hours' where node_id = 'node_a';
    update scale_decisions set at = now() - interval '3 days'`);
  expect(await purgeScaling(database.pool, 4, AbortSignal.timeout(5_000))).toBe(1);
  expect(await decisions()).toHaveLength(1);
  expect(await purgeScaling(database.pool, 2, AbortSignal.timeout(5_000))).toBe(1);
  expect(await decisions()).toEqual([]);
});
