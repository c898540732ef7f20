import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFaultProxy } from '../../../../../tests/support/fault-proxy.ts';
import { socketPath } from '../../postgres/embedded/connection-target.ts';
import { createPool } from '../../postgres/pool.ts';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { addSession, testContext } from '../../sessions/testing.ts';
import { takeFromLostNodes } from '../claims/release-lost.ts';
import { FleetWatch } from '../placement/fleet-watch.ts';
import { KnownNodes } from './known-nodes.ts';
import { LeaseConnection } from './lease-connection.ts';
import { NodeLease } from './node-lease.ts';
import { OwnBeats } from './own-beats.ts';

const TTL = 3_000;
const log = pino({ level: 'silent' });

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.close());

it('counts a break of its own heartbeats against nobody, for one lease, and no delay that was none', () => {
  let now = 0;
  const beats = new OwnBeats(9_000, () => now);
  const at = (ms: number, what?: 'counted' | 'failed') => {
    now = ms;
    if (what) beats[what]();
    return beats.goneAfterMs;
  };
  expect(at(3_000, 'counted')).toBe(9_000);
  // One failure, and the next heartbeat counts: the others were not kept away either.
  expect(at(6_000, 'failed')).toBe(9_000);
  expect(at(6_250, 'counted')).toBe(9_000);
  // This process stood still, and not the database.
  expect(at(20_000)).toBe(9_000 + 13_750);
  expect(at(20_000, 'counted')).toBe(9_000);
  // The database is away.
  expect(at(23_000, 'failed')).toBe(9_000);
  expect(at(40_000, 'failed')).toBe(9_000 + 20_000);
  expect(at(41_000, 'counted')).toBe(9_000 + 21_000);
  expect(at(44_000, 'counted')).toBe(9_000 + 24_000);
  // Again, before the others had their time.
  expect(at(47_000, 'failed')).toBe(9_000 + 27_000);
  expect(at(49_500, 'counted')).toBe(9_000 + 29_500);
  expect(at(58_499, 'counted')).toBe(9_000 + 38_499);
  expect(at(58_500)).toBe(9_000);
});

it('judges nobody by an outage: who comes back a moment later keeps its sessions, and only the dead lose theirs', {
  timeout: 60_000,
}, async () => {
  if (!('host' in database.target)) throw new Error('not the embedded database');
  const { host, user, database: name } = database.target;
  const proxy = await startFaultProxy(socketPath(host));
  const target = { connectionString: `postgres://${user}@127.0.0.1:${proxy.port}/${name}?sslmode=disable` };
  const pool = createPool(target, { max: 4, log: { warn: () => {} } });
  const ctx = testContext(database.pool);
  const addNode = (id: string, labels = {}) =>
    ctx.pool.query(
      `insert into nodes (id, roles, version, capacity, pid, labels) values ($1, '{worker}', '', 4, 1, $2)`,
      [...[id, labels]],
    );
  await addNode('self');
  for (const id of ['late', 'dead']) {
    await addNode(id, { of: id });
    await ctx.pool.query('update session_heads set owner = $1 where session_id = $2', [id, await addSession(ctx)]);
  }
  await ctx.pool.query(`update nodes set heartbeat_at = now() - interval '1 h' where id = 'dead'`);
  const lane = '{"labels": {"of": "late"}}';
  await ctx.pool.query('update session_heads set lane = $1 where session_id = $2', [lane, await addSession(ctx)]);
  const isParked = async () =>
    (await ctx.pool.query('select owner from session_heads where lane = $1', [lane])).rows[0].owner === '-';

  const beats = new OwnBeats(TTL);
  const nodes = new KnownNodes({
    ...{ pool, nodeId: 'self', log },
    get goneAfterMs() {
      return beats.goneAfterMs;
    },
  });
  const gone: string[] = [];
  nodes.on('gone', (id) => gone.push(id));
  const watch = new FleetWatch({
    ...{ ctx: { ...ctx, pool }, nodeId: 'self', labels: {} },
    bounds: { strategy: 'least-loaded', graceMs: 1_000, failoverMs: 1_000 },
    get goneAfterMs() {
      return beats.goneAfterMs;
    },
  });
  const lease = new NodeLease({
    node: { id: 'self', incarnation: 1, connection: new LeaseConnection(target, 'self', TTL / 3) },
    ...{ beats, ttlMs: TTL, marginMs: 500, log, capacity: () => 4, onHeld: () => {}, onConnectionsStale: () => {} },
    ...{ onLost: async () => {}, onNextLife: async () => {}, onReplaced: () => {} },
  });
  const look = async () =>
    (await watch.look()).lost ? (await takeFromLostNodes(pool, 'self', beats.goneAfterMs)).nodes : [];
  try {
    await lease.begun;
    await ctx.pool.query(`update nodes set heartbeat_at = now() where id = 'late'`);
    await expect.poll(() => nodes.all().map(({ id }) => id), { timeout: 5_000 }).toEqual(['late']);

    await proxy.refuse();
    await expect.poll(() => silentMs(ctx.pool, 'late'), { timeout: 20_000 }).toBeGreaterThan(TTL + 100);
    await proxy.restore();
    await expect.poll(() => lease.held, { timeout: 10_000 }).toBe(true);
    expect(await look()).toEqual(['dead']);
    await addNode('new');
    // Whoever is seen was seen after the outage.
    await expect.poll(() => nodes.all().map(({ id }) => id), { timeout: 5_000 }).toEqual(['late', 'new']);
    expect(await look()).toEqual([]);
    expect({ gone, parked: await isParked() }).toEqual({ gone: [], parked: false });

    // It never comes.
    await expect.poll(look, { timeout: 2 * TTL, interval: 100 }).toEqual(['late']);
    await expect.poll(() => gone, { timeout: 5_000 }).toContain('late');
    expect(await isParked()).toBe(true);
  } finally {
    await lease.close();
    await nodes.close();
    await pool.end();
    await proxy.close();
  }
});

async function silentMs(pool: Pool, id: string): Promise<number> {
  const text = 'select extract(epoch from now() - heartbeat_at)::float8 * 1000 as ms from nodes where id = $1';
  return (await pool.query(text, [id])).rows[0].ms;
}
