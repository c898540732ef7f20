// One API and gateway node with 1, 2 and 3 workers, all on one PostgreSQL: turns a second, the time from a message to its
// claim, takeover of a killed worker's turns, what idle nodes ask of the database, and claims at the same moment.
// All of them share this machine's cores: with more workers throughput cannot grow here, and is not expected to. What
// can be seen is whether more nodes cost anything: the same load should not become slower.
// Usage: node bench/fleet.ts [numbers of workers, with commas]
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { claimSessions } from '../apps/server/src/fleet/claims/claim-sessions.ts';
import { createPool } from '../apps/server/src/postgres/pool.ts';
import { type Platform, script, startPlatform, until } from '../tests/support/platform.ts';
import { startPostgresServer, systemPostgres } from '../tests/support/postgres-server.ts';
import { copySessions } from './copy-sessions.ts';

const COUNTS = (process.argv[2] ?? '1,2,3').split(',').map(Number);
const AGENTS = 12;
const LOAD_MS = 20_000;
const IDLE_MS = 10_000;
const WAKES = 10;
const OPEN_TURNS = 6;
const LEASE_TTL = 10;
const WAITING = 2_000;

const bin = systemPostgres();
if (!bin) throw new Error('no system PostgreSQL under /usr/lib/postgresql');
const server = await startPostgresServer(bin);
const pool = createPool({ connectionString: server.url }, { max: 12, log: { warn: () => {} } });
const env = { DATABASE_URL: server.url, LEASE_TTL: String(LEASE_TTL), LOG_LEVEL: 'error' };
const front = await startPlatform({ ...env, ROLES: 'api,gateway', API_KEY: 'aaas_bench-fleet-admin-key' });
const workers: Platform[] = [];
try {
  const { rows } = await pool.query(`select split_part(version(), ' ', 2) as version`);
  console.log(`PostgreSQL ${rows[0].version}, ${availableParallelism()} cores for all nodes and the database together`);
  const agents = await Promise.all(Array.from({ length: AGENTS }, () => deploy()));
  for (const count of COUNTS) {
    while (workers.length < count) workers.push(await startPlatform({ ...env, ROLES: 'worker' }));
    await measure(count, agents);
  }
  await measureClaims();
} finally {
  for (const node of [...workers, front]) await node.dispose();
  await pool.end();
  await server.close();
}

async function measure(count: number, agents: string[]): Promise<void> {
  await Promise.all(agents.map((agent) => putToSleep(agent)));
  const idle = await transactionsDuring(IDLE_MS);
  const claimed: number[] = [];
  for (let n = 0; n < WAKES; n++) claimed.push(await claimedAfterMs(agents[n % agents.length] as string));
  await Promise.all(agents.map((agent) => say(agent)));
  const { turns, times, connections } = await load(agents);
  const spread = await ownersOf(agents);
  print(count, {
    'turns/s': turns / (LOAD_MS / 1000),
    'turn p50 ms': at(times, 0.5),
    'turn p95 ms': at(times, 0.95),
    'message to claim p50 ms': at(claimed, 0.5),
    'max ms': Math.max(...claimed),
    'agents on each worker': spread,
    'connections under load': connections,
    'transactions/s of idle nodes': idle,
  });
  if (count > 1) print(count, await takeover(agents.slice(0, OPEN_TURNS)));
}

/** Every agent is sent its next message as soon as the last one is answered. */
async function load(agents: string[]): Promise<{ turns: number; times: number[]; connections: string }> {
  const times: number[] = [];
  const end = performance.now() + LOAD_MS;
  const converse = async (agent: string) => {
    while (performance.now() < end) {
      const began = performance.now();
      await say(agent);
      times.push(performance.now() - began);
    }
  };
  const running = Promise.all(agents.map(converse));
  await sleep(LOAD_MS / 2);
  const { rows } = await pool.query<{ name: string; n: number }>(
    `select application_name as name, count(*)::int as n from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid() group by 1 order by 2 desc`,
  );
  await running;
  return { turns: times.length, times, connections: rows.map(({ name, n }) => `${name} ${n}`).join(', ') };
}

/** A worker is killed while turns run on it: from then to their new owner's first word, and to their end. */
async function takeover(agents: string[]): Promise<Record<string, number>> {
  const steps = [{ tool: 'Bash', input: { command: 'sleep 4' } }, { text: 'done' }];
  const turns = await Promise.all(
    agents.map(async (agent) => {
      const body = { message: script(steps) };
      const { turn_id: turn } = await front.json('POST', `/api/v1/agents/${agent}/messages`, body, {
        prefer: 'respond-async',
      });
      return { agent, turn };
    }),
  );
  await until(async () => {
    const { rows } = await pool.query(`select count(*)::int as n from turns where state = 'running'`);
    return rows[0].n === agents.length;
  });
  const { rows } = await pool.query<{ pid: number }>(
    `select n.pid from nodes n join session_heads h on h.owner = n.id join turns t on t.session_id = h.session_id
      where t.state = 'running' group by n.pid order by count(*) desc limit 1`,
  );
  const victim = workers.find(({ pid }) => pid === rows[0]?.pid) as Platform;
  const owned = await pool.query<{ id: string }>(
    `select t.id from turns t join session_heads h on h.session_id = t.session_id join nodes n on n.id = h.owner
      where t.state = 'running' and n.pid = $1`,
    [victim.pid],
  );
  const killed = Date.now();
  await victim.crash();
  const ends: number[] = [];
  const taken: number[] = [];
  for (const { agent, turn } of turns.filter(({ turn }) => owned.rows.some(({ id }) => id === turn))) {
    let ended = { state: '', ended_at: '' };
    await until(async () => {
      ended = await front.json('GET', `/api/v1/agents/${agent}/turns/${turn}`);
      return ended.state !== 'running';
    }, 120_000);
    ends.push(Date.parse(ended.ended_at) - killed);
    const { data } = await front.json('GET', `/api/v1/agents/${agent}/timeline?limit=1000`);
    const first = data.find((step: { at: string }) => Date.parse(step.at) > killed);
    if (first) taken.push(Date.parse(first.at) - killed);
  }
  await victim.start();
  return {
    'turns of the killed worker': ends.length,
    'taken over after p50 s': at(taken, 0.5) / 1000,
    'at most s': Math.max(...taken) / 1000,
    'ended after p50 s': at(ends, 0.5) / 1000,
    'lease s': LEASE_TTL,
  };
}

/** The statement alone, on connections that claim at the same moment as fast as they can. */
async function measureClaims(): Promise<void> {
  for (const node of workers.splice(0)) await node.dispose();
  const template = await deploy(false);
  await copySessions(pool, template, WAITING);
  for (const clients of [1, 2, 3, 6]) {
    await pool.query(
      `update session_heads set owner = null, runnable_at = now(), workspace_id = 'wrkspc_' || abs(hashtext(session_id) % 20)
        where session_id in (select id from sessions where number > 1000000)`,
    );
    await pool.query('vacuum analyze session_heads');
    const taken: string[] = [];
    const times: number[] = [];
    const began = performance.now();
    const claim = async (node: string) => {
      for (;;) {
        const at = performance.now();
        const claimed = await claimSessions(pool, node, 1);
        times.push(performance.now() - at);
        if (claimed.length === 0) return;
        taken.push(...claimed.map(({ sessionId }) => sessionId));
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, n) => claim(`node_bench${n}`)));
    const seconds = (performance.now() - began) / 1000;
    print(clients, {
      'claims at once, claims/s': taken.length / seconds,
      'p50 ms': at(times, 0.5),
      'p95 ms': at(times, 0.95),
      'claimed twice': taken.length - new Set(taken).size,
      'left behind': WAITING - taken.length,
    });
  }
}

async function transactionsDuring(ms: number): Promise<number> {
  const count = async () =>
    (await pool.query(`select xact_commit as n from pg_stat_database where datname = current_database()`)).rows[0].n;
  // Statistics come a moment late.
  await sleep(2_000);
  const before = await count();
  await sleep(ms);
  return (Number(await count()) - Number(before)) / (ms / 1000);
}

async function claimedAfterMs(agent: string): Promise<number> {
  await putToSleep(agent);
  await say(agent);
  const { data } = await front.json('GET', `/api/v1/agents/${agent}/messages?order=desc&limit=1`);
  const steps = (await front.json('GET', `/api/v1/agents/${agent}/timeline?limit=1000`)).data;
  const claimed = steps.findLast(({ to }: { to: string }) => to === 'starting');
  return Date.parse(claimed.at) - Date.parse(data[0].accepted_at);
}

async function ownersOf(agents: string[]): Promise<string> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::int as n from session_heads h join agents a on a.main_session_id = h.session_id
      where a.id = any ($1) and h.owner is not null group by h.owner order by n desc`,
    [agents],
  );
  return rows.map(({ n }) => n).join(' + ');
}

async function putToSleep(agent: string): Promise<void> {
  const path = `/api/v1/agents/${agent}`;
  if ((await front.json('GET', path)).status === 'hibernated') return;
  await front.json('POST', `${path}/hibernate`);
  await until(async () => (await front.json('GET', path)).status === 'hibernated', 60_000);
}

function say(agent: string): Promise<unknown> {
  return front.json('POST', `/api/v1/agents/${agent}/messages`, { message: 'hello' });
}

async function deploy(start = true): Promise<string> {
  const config = { agent_type: 'custom', permission_mode: 'bypassPermissions', idle_timeout_seconds: 0 };
  return (await front.json('POST', '/api/v1/agents', { config, auto_start: start })).agent_id;
}

function at(values: number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN;
}

function print(count: number, figures: Record<string, number | string>): void {
  const shown = Object.entries(figures).map(
    ([name, value]) => `${name} ${typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : value}`,
  );
  console.log(`${count}: ${shown.join(' · ')}`);
}
