// What sleeping sessions cost those that work: a turn, a wake, an append, a claim, lists, memory and idle CPU beside 100,
// 1,000 and 10,000 of them. One platform with a database of its own for each count, all up at once; what is measured
// goes round them one after another, so that the noise of the machine meets all alike: look at the ratios.
// The sleeping ones are copies of an agent that has really worked, with its history, in the workspace that is asked.
// Usage: node bench/sessions.ts [counts, with commas] [rounds]
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { claimSessions, countWaiting } from '../apps/server/src/fleet/claims/claim-sessions.ts';
import { createPool } from '../apps/server/src/postgres/pool.ts';
import { appendEvents } from '../apps/server/src/sessions/log/append.ts';
import { draftEvent } from '../apps/server/src/sessions/log/draft-event.ts';
import { testContext } from '../apps/server/src/sessions/testing.ts';
import { type Platform, script, startPlatform, until } from '../tests/support/platform.ts';
import { copySessions } from './copy-sessions.ts';

const COUNTS = (process.argv[2] ?? '100,1000,10000').split(',').map(Number);
const ROUNDS = Number(process.argv[3] ?? 3);
const HISTORY = 10;
const TURNS = 40;
const WAKES = 5;
const READS = 15;
const STATEMENTS = 60;
const IDLE_MS = 10_000;

/** A platform with so many sleeping sessions, and one agent that works. */
interface Site {
  count: number;
  platform: Platform;
  pool: pg.Pool;
  connection: http.Agent;
  agent: string;
  /** A copy to write to, and ids where the last tenth of a list begins. */
  copy: string;
  deep: { agent: string; session: string };
  found: Map<string, number[]>;
}

const sites: Site[] = [];
try {
  for (const count of COUNTS) sites.push(await open(count));
  for (let round = 0; round < ROUNDS; round++) await measure();
  for (const name of sites[0]?.found.keys() ?? []) print(name);
} finally {
  for (const site of sites) {
    site.connection.destroy();
    await site.pool.end();
    await site.platform.dispose();
  }
}

async function open(count: number): Promise<Site> {
  const platform = await startPlatform({ IDLE_GRACE_SECONDS: '0' });
  const pool = createPool(platform.database, { max: 4, log: { warn: () => {} } });
  const deploy = () =>
    platform.deploy({ agent_type: 'custom', permission_mode: 'bypassPermissions', idle_timeout_seconds: 0 });
  const template = await deploy();
  const work = script([
    { tool: 'Bash', input: { command: 'echo done' } },
    { text: 'It is done, and this is what there is to say.' },
  ]);
  for (let turn = 0; turn < HISTORY; turn++)
    await platform.json('POST', `/api/v1/agents/${template}/messages`, { message: work });
  await hibernate(platform, template);
  const copies = await copySessions(pool, template, count - 1);
  const agent = await deploy();
  const site: Site = {
    count,
    platform,
    pool,
    agent,
    ...copies,
    connection: new http.Agent({ keepAlive: true }),
    found: new Map(),
  };
  for (let n = 0; n < 20; n++) await say(site);
  const { rows } = await pool.query('select count(*)::int as n from events');
  console.log(`${count} sessions, ${rows[0].n} events in the database, ${HISTORY} turns each`);
  return site;
}

async function measure(): Promise<void> {
  await each('turn', TURNS, say);
  for (let n = 0; n < WAKES; n++) {
    for (const site of sites) await hibernate(site.platform, site.agent);
    await each('wake', 1, say);
    for (const site of sites) note(site, 'wake: message to claim', await claimedAfterMs(site));
  }
  for (const site of sites) await say(site);
  await each('list of agents, first 50', READS, (site) => ask(site, '/api/v1/agents?limit=50'));
  await each('list of agents, deep', READS, (site) => ask(site, `/api/v1/agents?limit=50&cursor=${site.deep.agent}`));
  await each('list of agents, idle', READS, (site) => ask(site, '/api/v1/agents?limit=50&status=idle'));
  await each('list of agents, asleep', READS, (site) => ask(site, '/api/v1/agents?limit=50&status=hibernated'));
  await each('list of sessions, first', READS, (site) => ask(site, '/api/v1/sessions?limit=50'));
  await each('list of sessions, deep', READS, (site) =>
    ask(site, `/api/v1/sessions?limit=50&cursor=${site.deep.session}`),
  );
  await each('list of sessions, idle', READS, (site) => ask(site, '/api/v1/sessions?limit=50&status=idle'));
  await each('fleet', READS, (site) => ask(site, '/api/v1/fleet'));
  await each('claim, nobody waits', STATEMENTS, (site) => claimSessions(site.pool, 'node_bench', 10));
  await each('append of 6 events', STATEMENTS, append);
  for (const site of sites) await claimsWhileAllWait(site);
  await idle();
}

/** One after the other, and each platform in its turn. */
async function each(name: string, times: number, work: (site: Site) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < times; n++) {
    for (const site of sites) {
      const began = performance.now();
      await work(site);
      note(site, name, performance.now() - began);
    }
  }
}

/** In a transaction that is undone: the server must not take them. */
async function claimsWhileAllWait(site: Site): Promise<void> {
  const client = await site.pool.connect();
  const time = async (name: string, work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    note(site, name, performance.now() - began);
  };
  try {
    await client.query('begin');
    await client.query(
      `update session_heads set runnable_at = now() - random() * interval '1 hour',
              workspace_id = 'wrkspc_' || floor(random() * 20) where owner is null`,
    );
    await client.query('analyze session_heads');
    for (let n = 0; n < STATEMENTS / 2; n++) {
      await client.query('savepoint before');
      await time('claim, all wait', () =>
        claimSessions(client as never, 'node_bench', 1, new Map([['wrkspc_1', 100]])),
      );
      await client.query('rollback to before');
      await time('count of those that wait', () => countWaiting(client as never, 20_000));
    }
  } finally {
    await client.query('rollback');
    client.release();
  }
  await site.pool.query('vacuum analyze session_heads');
}

async function idle(): Promise<void> {
  await sleep(2_000);
  const before = sites.map((site) => cpuMs(site.platform.pid));
  await sleep(IDLE_MS);
  for (const [index, site] of sites.entries()) {
    note(site, 'CPU of the idle server, %', ((cpuMs(site.platform.pid) - (before[index] ?? 0)) / IDLE_MS) * 100);
    note(site, 'memory of the server, MB', memoryMb(site.platform.pid));
    note(site, 'processes below the server', childrenOf(site.platform.pid));
  }
}

/** From the acceptance of the last message to the first thing that the session's new owner wrote, in milliseconds. */
async function claimedAfterMs({ platform, agent }: Site): Promise<number> {
  const { data } = await platform.json('GET', `/api/v1/agents/${agent}/messages?order=desc&limit=1`);
  const steps = (await platform.json('GET', `/api/v1/agents/${agent}/timeline?limit=1000`)).data;
  const claimed = steps.findLast(({ to }: { to: string }) => to === 'starting');
  return Date.parse(claimed.at) - Date.parse(data[0].accepted_at);
}

function append(site: Site): Promise<unknown> {
  const events = Array.from({ length: 6 }, () => draftEvent('agent.thinking', { text: 'x'.repeat(250) }));
  return appendEvents(testContext(site.pool), { sessionId: site.copy, generation: 0 }, { turnId: null, events });
}

async function hibernate(platform: Platform, agent: string): Promise<void> {
  await platform.json('POST', `/api/v1/agents/${agent}/hibernate`);
  await until(async () => (await platform.json('GET', `/api/v1/agents/${agent}`)).status === 'hibernated');
}

function say(site: Site): Promise<void> {
  return ask(site, `/api/v1/agents/${site.agent}/messages`, { message: 'hello' });
}

function ask({ platform, connection }: Site, path: string, body?: object): Promise<void> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    'x-api-key': platform.key,
    ...(body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {}),
  };
  const options = { method: body ? 'POST' : 'GET', agent: connection, headers };
  return new Promise((resolve, reject) => {
    const request = http.request(`${platform.url}${path}`, options, (response) => {
      response.resume().on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve();
        else reject(new Error(`${path}: ${response.statusCode}`));
      });
    });
    request.on('error', reject).end(text);
  });
}

function note(site: Site, name: string, value: number): void {
  site.found.set(name, [...(site.found.get(name) ?? []), value]);
}

function print(name: string): void {
  const medians = sites.map((site) => median(site.found.get(name) ?? []));
  const cells = medians.map((value, index) => `${COUNTS[index]}: ${value.toFixed(2)}`.padEnd(16));
  const ratio = (medians.at(-1) ?? Number.NaN) / (medians[0] ?? Number.NaN);
  console.log(`${name.padEnd(28)} ${cells.join('')} ratio ${ratio.toFixed(2)}`);
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function memoryMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function childrenOf(pid: number): number {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').length;
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
