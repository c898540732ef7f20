import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KnownNodes } from '../fleet/nodes/known-nodes.ts';
import { createPool } from '../postgres/pool.ts';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { NodeHints } from './node-hints.ts';
import { StreamHub } from './stream-hub.ts';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool;
});
afterAll(() => database.close());

/** A node, and what it hears. */
async function startNode(id: string) {
  await pool.query(`insert into nodes (id, roles, version, capacity, pid) values ($1, '{api}', '0', 1, 1)`, [id]);
  const streams = new StreamHub();
  const heard: string[] = [];
  for (const session of ['sesn_a', 'sesn_b'])
    streams.subscribe(session, ({ kind }) => heard.push(`${session} ${kind}`));
  const nodes = new KnownNodes({ pool, nodeId: id, goneAfterMs: 60_000, log: pino({ level: 'silent' }) });
  const hints = new NodeHints({
    pool,
    nodeId: id,
    streams,
    others: () => nodes.all().length,
    channels: null,
    onChanged: () => false,
    onWake: (session) => heard.push(`${session} wake`),
    onKeysChanged: () => heard.push('keys changed'),
    log: pino({ level: 'silent' }),
  });
  return { hints, streams, heard, nodes };
}

/** Says it again until the other node hears: it may have yet to listen. */
async function untilHeard(hints: NodeHints, heard: string[], session: string): Promise<void> {
  const said = () => {
    hints.wake(session);
    return heard;
  };
  await expect.poll(said, { timeout: 10_000 }).toContain(`${session} wake`);
}

it('tells other nodes, and never itself, what changed, what was deleted and what has work', async () => {
  const one = await startNode('node_one');
  const two = await startNode('node_two');
  // Until each has seen the other and listens.
  await untilHeard(one.hints, two.heard, 'sesn_x');
  await untilHeard(two.hints, one.heard, 'sesn_y');
  one.heard.length = 0;
  two.heard.length = 0;
  one.streams.publishEvents('sesn_a', [
    { seq: 1, id: 'sevt_1', type: 't', turnId: null, at: new Date(), payload: '{}' },
  ]);
  one.streams.publishDeleted('sesn_b');
  one.hints.wake('sesn_c');
  one.hints.keysChanged();
  await expect
    .poll(() => two.heard.filter((entry) => !/_[xy] /.test(entry)).sort())
    .toEqual(['keys changed', 'sesn_a changed', 'sesn_b deleted', 'sesn_c wake']);
  expect(one.heard.filter((entry) => !/_[xy] /.test(entry))).toEqual(['sesn_a events', 'sesn_b deleted']);

  await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and query ~* '^(listen|select pg_notify)'`,
  );
  two.heard.length = 0;
  await untilHeard(one.hints, two.heard, 'sesn_z');
  await Promise.all([one, two].flatMap(({ hints, nodes }) => [hints.close(), nodes.close()]));
});

it('gives back each connection on which it could not listen', async () => {
  const few = createPool(database.target, { max: 3, log: { warn: () => {} } });
  let asked = 0;
  few.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    Object.assign(client, {
      query: (...args: unknown[]) => {
        if (!String(args[0]).startsWith('listen') || ++asked > 2) return query(...args);
        return Promise.reject(new Error('the connection broke'));
      },
    });
  });
  const hints = new NodeHints({
    ...{ pool: few, nodeId: 'node_three', streams: new StreamHub(), others: () => 0, channels: null },
    ...{ onChanged: () => false, onWake: () => {}, onKeysChanged: () => {}, log: pino({ level: 'silent' }) },
  });
  await expect.poll(() => asked, { timeout: 10_000 }).toBe(3);
  expect(few.totalCount).toBe(1);
  await hints.close();
  // Which waits for every connection that is out.
  await few.end();
});
