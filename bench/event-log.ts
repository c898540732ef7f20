// How the event log is best laid out when old events are to go: one table, hash partitions by session (the platform's own log),
// range partitions by time. Appends, reads of the tail and of a page of history, and the removal of the oldest third while appends
// go on; and what it takes to come from one table to the others. The tables are the bench's own. The layouts take turns; the disk is left out of single appends: a commit does not wait for it.
// Usage: node bench/event-log.ts [millions of events] [layouts, with commas]

import pg from 'pg';
import { columnTypes } from '../apps/server/src/postgres/column-types.ts';
import { connectionOf } from '../apps/server/src/postgres/pool.ts';
import { startTestDatabase } from '../apps/server/src/postgres/test-database.ts';

const MILLIONS = Number(process.argv[2] ?? 10);
const LAYOUTS = (process.argv[3] ?? 'one,hash,range').split(',');
const ROWS = MILLIONS * 1_000_000;
const PER_SESSION = 1_008;
const SESSIONS = Math.floor(ROWS / PER_SESSION);
const CHUNK = 200_000;
const WEEKS = 13;
const ROUNDS = 5;
const ROUND_MS = 2_000;
const PER_APPEND = 6;
const PURGE_BATCH = 5_000;
/** As many as PostgreSQL lets autovacuum have, each with a table of its own. */
const VACUUM_WORKERS = 3;
/** What is printed of each layout. */
const NAMES: Record<string, string> = { one: 'one table', hash: 'hash (ours)', range: 'range' };

const COLUMNS = `session_id text not null, seq bigint not null, id text not null, type text not null, turn_id text, ref text,
                 at timestamptz not null, payload text not null`;
const CREATE: Record<string, string> = {
  one: `create table log_one (${COLUMNS}, primary key (session_id, seq))`,
  hash: `create table log_hash (${COLUMNS}, primary key (session_id, seq)) partition by hash (session_id)`,
  // The key of a partitioned table holds what it is partitioned by.
  range: `create table log_range (${COLUMNS}, primary key (session_id, seq, at)) partition by range (at)`,
};

const database = await startTestDatabase();
// Without the time limits of the platform's own connections: some of this takes minutes.
const pool = new pg.Pool({ ...connectionOf(database.target), types: columnTypes, max: 12 });
try {
  for (const layout of LAYOUTS) await load(layout);
  await measureRounds('before');
  if (LAYOUTS.includes('one')) await measureMoves();
  for (const layout of LAYOUTS) await purge(layout);
  await measureRounds('after');
} finally {
  await pool.end();
  await database.close();
}

async function load(layout: string): Promise<void> {
  await pool.query(CREATE[layout] as string);
  if (layout === 'hash') {
    for (let n = 0; n < 16; n++)
      await pool.query(`create table log_hash_${n} partition of log_hash for values with (modulus 16, remainder ${n})`);
  }
  if (layout === 'range') {
    for (let n = 0; n <= WEEKS; n++)
      await pool.query(
        `create table log_range_${n} partition of log_range for values from ('${weekStart(n)}') to ('${weekStart(n + 1)}')`,
      );
  }
  await pool.query(
    `create table heads_${layout} (session_id text primary key, generation bigint, last_seq bigint) with (fillfactor = 50)`,
  );
  await pool.query(
    `insert into heads_${layout} select 'sesn_' || lpad(n::text, 24, '0'), 1, ${2 * PER_SESSION} from generate_series(0, ${SESSIONS - 1}) n`,
  );
  const began = performance.now();
  await insert(layout, 0, ROWS);
  const seconds = (performance.now() - began) / 1000;
  await pool.query(`analyze log_${layout}`);
  await vacuum(layout);
  say(nameOf(layout), 'loaded', { 'rows/s': ROWS / seconds, ...(await sizes(layout)) });
}

/** In the order of time, as it was, turn by turn: of a session twelve events lie together, the next far from them. */
async function insert(layout: string, first: number, end: number): Promise<void> {
  const turn = 12;
  await withClient(async (client) => {
    await client.query('set synchronous_commit = off');
    for (let from = first; from < end; from += CHUNK) {
      await client.query(
        `insert into log_${layout} select 'sesn_' || lpad((n / ${turn} % ${SESSIONS})::text, 24, '0'),
                n / ${turn * SESSIONS} * ${turn} + n % ${turn} + 1 + case when n >= ${ROWS} then 1000000 else 0 end,
                'sevt_' || lpad(n::text, 24, '0'), 'agent.message', 'turn_' || lpad((n / ${turn})::text, 24, '0'), null,
                least('${weekStart(0)}'::timestamptz + n * interval '${WEEKS} weeks' / ${ROWS}, '${weekStart(WEEKS)}'), repeat('x', 354)
           from generate_series(${from}::bigint, ${Math.min(from + CHUNK, end) - 1}) n`,
      );
    }
  });
}

async function measureRounds(when: string): Promise<void> {
  const found = new Map<string, number[]>();
  const note = (name: string, values: number[]) => found.set(name, [...(found.get(name) ?? []), ...values]);
  const rates = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const layout of LAYOUTS) {
      note(`${nameOf(layout)} append`, await appendFor(layout, ROUND_MS / 2, 1));
      const many = await appendFor(layout, ROUND_MS / 2, 8);
      rates.set(layout, [...(rates.get(layout) ?? []), many.length / (ROUND_MS / 2000)]);
      note(`${nameOf(layout)} append, 8 at once`, many);
      note(`${nameOf(layout)} tail`, await readFor(layout, ROUND_MS / 4, 20, 20));
      note(`${nameOf(layout)} page of 100`, await readFor(layout, ROUND_MS / 4, PER_SESSION / 2, 100));
    }
  }
  for (const [name, values] of found) say(name, when, { 'p50 ms': at(values, 0.5), 'p99 ms': at(values, 0.99) });
  for (const [layout, all] of rates) say(`${nameOf(layout)} append, 8 at once`, when, { 'tx/s': at(all, 0.5) });
}

/** What it takes to come from one table to the others. */
async function measureMoves(): Promise<void> {
  await withClient(async (client) => {
    let began = performance.now();
    await client.query('create unique index log_one_range on log_one (session_id, seq, at)');
    say('one to range', 'index of the new key', { 's/million': (performance.now() - began) / 1000 / MILLIONS });
    await client.query('drop index log_one_range');
    began = performance.now();
    await client.query(`alter table log_one add constraint log_one_at check (at >= '2000-01-01') not valid`);
    await client.query('alter table log_one validate constraint log_one_at');
    say('one to range', 'validation', { 's/million': (performance.now() - began) / 1000 / MILLIONS });
    await client.query('alter table log_one drop constraint log_one_at');
    // As migration 0023 does it: the rows first, and then the key.
    await client.query(`create table copy_hash (${COLUMNS}) partition by hash (session_id)`);
    for (let n = 0; n < 16; n++)
      await client.query(
        `create table copy_hash_${n} partition of copy_hash for values with (modulus 16, remainder ${n})`,
      );
    began = performance.now();
    await client.query('insert into copy_hash select * from log_one');
    await client.query('alter table copy_hash add primary key (session_id, seq)');
    say('one to hash', 'copy and key', { 's/million': (performance.now() - began) / 1000 / MILLIONS });
    await client.query('drop table copy_hash');
  });
}

async function purge(layout: string): Promise<void> {
  const before = at(await appendFor(layout, 5_000, 1), 0.99);
  // All layouts alike: the first change of a page after a checkpoint writes the whole page into the log.
  await pool.query('checkpoint');
  const lsn = await walBytes();
  const began = performance.now();
  const stop = new AbortController();
  const appends = appendUntil(layout, stop.signal);
  let removed = 0;
  // Week by week, as retention comes to it; it does so each hour.
  for (let week = 0; week < Math.floor(WEEKS / 3); week++) {
    if (layout !== 'range') removed += await deleteOld(layout, weekStart(week + 1));
    else {
      removed += ROWS / WEEKS;
      await pool.query(`drop table log_range_${week}`);
    }
  }
  const seconds = (performance.now() - began) / 1000;
  stop.abort();
  const during = await appends;
  const wal = (await walBytes()) - lsn;
  say(nameOf(layout), 'purge', {
    rows: removed,
    s: seconds,
    'rows/s': removed / seconds,
    'WAL MB (appends too)': wal / 1e6,
    'append p50 ms meanwhile': at(during, 0.5),
    'append p99 ms meanwhile': at(during, 0.99),
    'append p99 ms before': before,
  });
  const vacuumed = performance.now();
  await vacuum(layout);
  say(nameOf(layout), 'vacuum', { s: (performance.now() - vacuumed) / 1000, ...(await sizes(layout)) });
  await insert(layout, ROWS, ROWS + removed);
  say(nameOf(layout), 'refilled', await sizes(layout));
}

/** As the platform does it: session by session, from the front of each log. */
async function deleteOld(layout: string, before: string): Promise<number> {
  let removed = 0;
  await withClient(async (client) => {
    await client.query('set synchronous_commit = off');
    for (let n = 0; n < SESSIONS; n++) {
      const session = `sesn_${String(n).padStart(24, '0')}`;
      for (let batch = PURGE_BATCH; batch === PURGE_BATCH; ) {
        const result = await client.query({
          name: `purge-${layout}`,
          text: `delete from log_${layout} where session_id = $1 and seq <= (
                   select max(seq) from (select seq, at from log_${layout} where session_id = $1 order by seq limit ${PURGE_BATCH}) f where at < $2)`,
          values: [session, before],
        });
        batch = result.rowCount ?? 0;
        removed += batch;
      }
    }
  });
  return removed;
}

async function appendUntil(layout: string, signal: AbortSignal): Promise<number[]> {
  const all: number[] = [];
  while (!signal.aborted) all.push(...(await appendFor(layout, 500, 1)));
  return all;
}

async function appendFor(layout: string, ms: number, clients: number): Promise<number[]> {
  const all: number[] = [];
  const text = `
    with head as (
      update heads_${layout} set last_seq = last_seq + $3 where session_id = $1 and generation = $2 returning last_seq - $3 as base
    )
    insert into log_${layout} (session_id, seq, turn_id, at, id, type, ref, payload)
    select $1, head.base + e.ord, $4, $5, e.id, e.type, null, e.payload
      from head, unnest($6::text[], $7::text[], $8::text[]) with ordinality e (id, type, payload, ord)`;
  const batch = Array.from({ length: PER_APPEND }, (_, n) => n);
  const work = async () => {
    await withClient(async (client) => {
      await client.query('set synchronous_commit = off');
      for (const end = performance.now() + ms; performance.now() < end; ) {
        const began = performance.now();
        await client.query({
          name: `append-${layout}`,
          text,
          values: [
            randomSession(),
            1,
            PER_APPEND,
            'turn_000000000000000000000000',
            new Date(weekStart(WEEKS)),
            batch.map((n) => `sevt_${n}`),
            batch.map(() => 'agent.message'),
            batch.map(() => 'x'.repeat(354)),
          ],
        });
        all.push(performance.now() - began);
      }
    });
  };
  await Promise.all(Array.from({ length: clients }, work));
  return all;
}

/** Pages that begin `back` events before what was loaded ended. */
async function readFor(layout: string, ms: number, back: number, limit: number): Promise<number[]> {
  const all: number[] = [];
  await withClient(async (client) => {
    for (const end = performance.now() + ms; performance.now() < end; ) {
      const began = performance.now();
      await client.query({
        name: `read-${layout}`,
        text: `select seq, id, type, turn_id, at, payload from log_${layout} where session_id = $1 and seq > $2 order by seq limit $3`,
        values: [randomSession(), PER_SESSION - back, limit],
      });
      all.push(performance.now() - began);
    }
  });
  return all;
}

async function vacuum(layout: string): Promise<void> {
  const { rows } = await pool.query<{ table: string }>(`select relname as table from ${tablesOf(layout)}`);
  const worker = () =>
    withClient(async (client) => {
      for (let next = rows.pop(); next; next = rows.pop()) await client.query(`vacuum ${next.table}`);
    });
  await Promise.all(Array.from({ length: VACUUM_WORKERS }, worker));
}

async function sizes(layout: string): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ heap: number; indexes: number }>(
    `select sum(pg_table_size(oid))::bigint as heap, sum(pg_indexes_size(oid))::bigint as indexes from ${tablesOf(layout)}`,
  );
  return { 'heap MB': (rows[0]?.heap ?? 0) / 1e6, 'index MB': (rows[0]?.indexes ?? 0) / 1e6 };
}

/** Those with rows: a partitioned table has none of its own. */
function tablesOf(layout: string): string {
  return `pg_class where relkind = 'r' and relname ~ '^log_${layout}(_\\d+)?$'`;
}

async function walBytes(): Promise<number> {
  return (await pool.query(`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint as bytes`)).rows[0]
    .bytes;
}

async function withClient(work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  const client = await pool.connect();
  try {
    await work(client);
  } finally {
    await client.query('reset all').catch(() => {});
    client.release();
  }
}

function weekStart(week: number): string {
  return new Date(Date.UTC(2026, 0, 5) + week * 7 * 86_400_000).toISOString();
}

function randomSession(): string {
  return `sesn_${String(Math.floor(Math.random() * SESSIONS)).padStart(24, '0')}`;
}

function nameOf(layout: string): string {
  return NAMES[layout] as string;
}

function at(values: number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN;
}

function say(what: string, when: string, figures: Record<string, number>): void {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(value < 10 ? 2 : 0)}`);
  console.log(`${what.padEnd(28)} ${when.padEnd(19)} ${shown.join(' · ')}`);
}
