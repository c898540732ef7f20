// What the partitions of the event log cost the statements that the platform makes of it: the same functions against a database
// as it is and one whose log is a single table, some of each in turn. The disk is left out: a commit does not wait for it.
// On the embedded server, or on the one of DATABASE_URL (as one who may make databases).
// Usage: node bench/log-partitions.ts [seconds each]
import { readFileSync } from 'node:fs';
import type { Pool } from 'pg';
import { migrate } from '../apps/server/src/postgres/migrate.ts';
import { createPool, type PoolTarget } from '../apps/server/src/postgres/pool.ts';
import { startTestDatabase } from '../apps/server/src/postgres/test-database.ts';
import { appendEvents } from '../apps/server/src/sessions/log/append.ts';
import { draftEvent } from '../apps/server/src/sessions/log/draft-event.ts';
import { readEvents } from '../apps/server/src/sessions/log/read-events.ts';
import { findFirstKept, readLog } from '../apps/server/src/sessions/log/read-log.ts';
import { removeEvents } from '../apps/server/src/sessions/log/retention/event-retention.ts';
import { findCut } from '../apps/server/src/sessions/log/retention/find-cut.ts';
import type { SessionContext } from '../apps/server/src/sessions/session-context.ts';
import { addSession, testContext } from '../apps/server/src/sessions/testing.ts';

const SECONDS = Number(process.argv[2] ?? 4);
const SESSIONS = 200;
const EVENTS = 1_000;
const IN_TURN = 20;
const UNDIVIDE = `
  create table undivided (like events including all);
  drop table events;
  alter table undivided rename to events;
  create trigger webhook_session_event after insert on events
    for each row when (new.type in ('session.status_running', 'session.status_idle', 'session.status_rescheduled',
                                    'session.status_terminated', 'session.error'))
    execute function webhook_session_event()`;

interface Site {
  name: string;
  pool: Pool;
  ctx: SessionContext;
  ids: string[];
}

const drafts = (count: number) =>
  Array.from({ length: count }, () => draftEvent('agent.thinking', { text: 'x'.repeat(250) }));
const any = ({ ids }: Site) => ids[Math.floor(Math.random() * ids.length)] as string;
const append = (site: Site, sessionId: string, count: number) =>
  appendEvents(site.ctx, { sessionId, generation: 0 }, { turnId: null, events: drafts(count) });
const newest = { order: 'desc', types: null, from: null, before: null, limit: 50 } as const;

const OPERATIONS: Record<string, (site: Site) => Promise<unknown>> = {
  'append of six': (site) => append(site, any(site), 6),
  tail: (site) => readLog(site.pool, any(site), EVENTS - 10, 100),
  'page of 100': (site) => readLog(site.pool, any(site), EVENTS / 2, 100),
  'page of 50, newest first': (site) => readEvents(site.pool, any(site), null, newest),
  'first event of a log': (site) => findFirstKept(site.pool, any(site)),
  'where to cut a log': (site) => findCut(site.pool, any(site), new Date()),
  [`what is due of ${SESSIONS} logs`]: (site) => removeEvents(site.pool, new Date(0), new AbortController().signal),
};

const url = process.env.DATABASE_URL;
const embedded = url ? null : await startTestDatabase();
const admin = createPool(targetOf('postgres'), { max: 1, log: { warn: () => {} } });
const sites = [await open('bench_one', UNDIVIDE), await open('bench_hash', '')];
for (const [name, run] of Object.entries(OPERATIONS)) await measure(name, run);
for (const { name, pool } of sites) {
  await pool.end();
  await admin.query(`drop database ${name} with (force)`);
}
await admin.end();
await embedded?.close();

function targetOf(database: string): PoolTarget {
  if (!url) return { ...(embedded?.target as { host: string; user: string; database: string }), database };
  const target = new URL(url);
  target.pathname = `/${database}`;
  return { connectionString: target.href };
}

async function open(name: string, change: string): Promise<Site> {
  await admin.query(`create database ${name}`);
  await admin.query(`alter database ${name} set synchronous_commit = off`);
  const pool = createPool(targetOf(name), { max: 1, log: { warn: () => {} } });
  await migrate(pool);
  await pool.query(change);
  const site: Site = { name, pool, ctx: testContext(pool), ids: [] };
  for (let n = 0; n < SESSIONS; n++) site.ids.push(await addSession(site.ctx));
  for (const id of site.ids) await append(site, id, EVENTS);
  for (const table of ['events', 'session_heads']) await pool.query(`vacuum analyze ${table}`);
  return site;
}

async function measure(name: string, run: (site: Site) => Promise<unknown>): Promise<void> {
  const found: { site: Site; pid: number; wall: number[]; cpu: number[] }[] = [];
  for (const site of sites) {
    const { rows } = await site.pool.query<{ pid: number }>('select pg_backend_pid() as pid');
    found.push({ site, pid: rows[0]?.pid ?? 0, wall: [], cpu: [] });
  }
  for (const end = performance.now() + SECONDS * 1_000; performance.now() < end; ) {
    for (const { site, pid, wall, cpu } of found) {
      for (let n = 0; n < IN_TURN; n++) {
        const [began, busy] = [performance.now(), cpuMs(pid)];
        await run(site);
        wall.push(performance.now() - began);
        cpu.push(cpuMs(pid) - busy);
      }
    }
  }
  const cells = found.map(({ site, wall, cpu }) => {
    const times = `p50 ${at(wall, 0.5)} · p95 ${at(wall, 0.95)} · CPU of the database p50 ${at(cpu, 0.5)} ms`;
    return `${site.name} (${wall.length}) ${times}`;
  });
  console.log(`${name.padEnd(26)} ${cells.join('    ')}`);
}

/** What the process of a connection has had of a core: it says more than the clock where others work too. */
function cpuMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

function at(values: number[], q: number): string {
  return (values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? 0).toFixed(3);
}
