// What one PostgreSQL takes of the log: appends of six events by many owners at once, each commit on the disk, alone and
// with the hints that nodes give one another; events and write-ahead log a second. On the embedded server, or on the one of
// DATABASE_URL (an empty database).
// Usage: node bench/append.ts [seconds each]
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { migrate } from '../apps/server/src/postgres/migrate.ts';
import { connectionOf, createPool, type PoolTarget } from '../apps/server/src/postgres/pool.ts';
import { startTestDatabase } from '../apps/server/src/postgres/test-database.ts';
import { appendEvents } from '../apps/server/src/sessions/log/append.ts';
import { draftEvent } from '../apps/server/src/sessions/log/draft-event.ts';
import { addSession, testContext } from '../apps/server/src/sessions/testing.ts';
import { NodeHints } from '../apps/server/src/streams/node-hints.ts';
import { copySessions } from './copy-sessions.ts';

const SECONDS = Number(process.argv[2] ?? 10);
const SESSIONS = 1_000;
const PER_APPEND = 6;
const TEXT = 'x'.repeat(250);

const url = process.env.DATABASE_URL;
const database = url ? null : await startTestDatabase();
const target: PoolTarget = url ? { connectionString: url } : (database?.target as PoolTarget);
const pool = createPool(target, { max: 60, log: { warn: () => {} } });
if (url) await migrate(pool);
const ctx = testContext(pool);
const template = await addSession(ctx, false);
const { rows } = await pool.query('select agent_id as agent from sessions where id = $1', [template]);
await copySessions(pool, rows[0].agent, SESSIONS);
const ids = (await pool.query<{ id: string }>('select id from sessions where id <> $1', [template])).rows.map(
  ({ id }) => id,
);

let heard = 0;
const listener = await listen();
for (const hints of [false, true]) {
  const close = hints ? await hintAsNode() : async () => {};
  for (const writers of [1, 10, 50]) await run(writers, hints);
  await close();
}
await listener.end();
await pool.end();
await database?.close();

async function run(writers: number, hints: boolean): Promise<void> {
  const times: number[] = [];
  const before = await walBytes();
  heard = 0;
  const began = performance.now();
  const end = began + SECONDS * 1000;
  const write = async () => {
    while (performance.now() < end) {
      const at = performance.now();
      const events = Array.from({ length: PER_APPEND }, () => draftEvent('agent.thinking', { text: TEXT }));
      const sessionId = ids[Math.floor(Math.random() * ids.length)] as string;
      await appendEvents(ctx, { sessionId, generation: 0 }, { turnId: null, events });
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  const seconds = (performance.now() - began) / 1000;
  const wal = (await walBytes()) - before;
  const sorted = times.toSorted((a, b) => a - b);
  const figures = {
    'appends/s': times.length / seconds,
    'events/s': (times.length * PER_APPEND) / seconds,
    'p50 ms': sorted[Math.floor(sorted.length / 2)] ?? 0,
    'p99 ms': sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    'WAL MB/s': wal / seconds / 1e6,
    'WAL bytes/event': wal / (times.length * PER_APPEND),
    ...(hints ? { 'notifications/s': heard / seconds } : {}),
  };
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(value < 100 ? 1 : 0)}`);
  console.log(`${String(writers).padStart(2)} writers, ${hints ? 'with hints' : 'no hints  '}: ${shown.join(' · ')}`);
}

/** Tells of each append, as a node does that is not alone and has no Redis. */
async function hintAsNode(): Promise<() => Promise<void>> {
  const hints = new NodeHints({
    ...{ pool, nodeId: 'node_bench', streams: ctx.streams, log: ctx.log },
    others: () => 1,
    channels: null,
    onChanged: () => false,
    onWake: () => {},
    onKeysChanged: () => {},
  });
  await sleep(1_000);
  return () => hints.close();
}

async function listen(): Promise<pg.Client> {
  const client = new pg.Client(connectionOf(target));
  await client.connect();
  client.on('notification', () => {
    heard++;
  });
  await client.query('listen aaas_sessions');
  return client;
}

async function walBytes(): Promise<number> {
  const { rows } = await pool.query<{ bytes: number }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint as bytes`,
  );
  return rows[0]?.bytes ?? 0;
}
