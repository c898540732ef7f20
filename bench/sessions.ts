// What sleeping sessions cost: the same turn, wake, lists, claim and memory beside 0, 100, 1,000 and 10,000 of them,
// and the claim while all of those wait for a place. Usage: node bench/sessions.ts [counts, with commas]
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { claimSessions, countWaiting } from '../apps/server/src/fleet/claims/claim-sessions.ts';
import { createPool } from '../apps/server/src/postgres/pool.ts';
import { startPlatform, until } from '../tests/support/platform.ts';

const COUNTS = (process.argv[2] ?? '0,100,1000,10000').split(',').map(Number);
const TURNS = 30;
const WAKES = 5;
const LISTS = 20;
const CLAIMS = 50;
const SETTLE_MS = 5_000;

const platform = await startPlatform({
  IDLE_GRACE_SECONDS: '0',
  ...(process.env.DATABASE_URL ? { DATABASE_URL: process.env.DATABASE_URL } : {}),
});
const pool = createPool(platform.database, { max: 2, log: { warn: () => {} } });
const connection = new http.Agent({ keepAlive: true });
const agent = await platform.deploy({ agent_type: 'custom', idle_timeout_seconds: 0 });
const { session_id: template } = await platform.json('GET', `/api/v1/agents/${agent}`);

let asleep = 0;
for (const count of COUNTS) {
  await addSleeping(count - asleep);
  asleep = count;
  for (let n = 0; n < 5; n++) await say();
  const turns = await times(TURNS, say);
  const wakes: number[] = [];
  for (let n = 0; n < WAKES; n++) {
    await platform.json('POST', `/api/v1/agents/${agent}/hibernate`);
    await until(async () => (await platform.json('GET', `/api/v1/agents/${agent}`)).status === 'hibernated');
    wakes.push(await time(say));
  }
  const accept = await times(TURNS, accepted);
  await until(async () => (await platform.json('GET', `/api/v1/agents/${agent}`)).messages_waiting === 0, 60_000);
  const list = await times(LISTS, () => ask('GET', '/api/v1/agents?limit=50'));
  const fleet = await times(LISTS, () => ask('GET', '/api/v1/fleet'));
  const idle = await times(CLAIMS, () => claimSessions(pool, 'node_bench', 10));
  await sleep(SETTLE_MS);
  const cpu = cpuMs();
  await sleep(SETTLE_MS);
  const row = {
    asleep: count,
    'turn ms': median(turns),
    'wake ms': median(wakes),
    'accept ms': median(accept),
    'list 50 ms': median(list),
    'fleet ms': median(fleet),
    'claim, none waits ms': median(idle),
    'all wait: claim ms': Number.NaN,
    'count ms': Number.NaN,
    'CPU of the idle server %': ((cpuMs() - cpu) / SETTLE_MS) * 100,
    'RSS MB': rssMb(),
  };
  // In transactions that are undone: the server must not take them.
  const client = await pool.connect();
  await client.query('begin');
  await client.query(
    `update session_heads set runnable_at = now() - random() * interval '1 hour' where session_id like 'sesn_bench%'`,
  );
  await client.query('analyze session_heads');
  const claims: number[] = [];
  for (let n = 0; n < CLAIMS; n++) {
    await client.query('savepoint before');
    claims.push(await time(() => claimSessions(client as never, 'node_bench', 1, new Map([['wrkspc_default', 100]]))));
    await client.query('rollback to before');
  }
  row['all wait: claim ms'] = median(claims);
  row['count ms'] = median(await times(CLAIMS, () => countWaiting(client as never, 20_000)));
  await client.query('rollback');
  client.release();
  console.log(
    Object.entries(row)
      .map(([name, value]) => `${name} ${Number.isInteger(value) ? value : value.toFixed(2)}`)
      .join(' · '),
  );
}
connection.destroy();
await pool.end();
await platform.dispose();

/** Sessions as they lie there when they have slept for long, of 20 workspaces. */
async function addSleeping(count: number): Promise<void> {
  if (count <= 0) return;
  await pool.query(
    `insert into workspaces (id, name) select 'wrkspc_bench' || n, 'bench' from generate_series(1, 20) n on conflict do nothing`,
  );
  await pool.query(
    `with added as (
       insert into sessions (id, workspace_id, agent_id, agent_version, environment_id, harness, harness_session_id,
                             status_reason)
       select 'sesn_bench' || gen_random_uuid(), 'wrkspc_bench' || (1 + n % 20), agent_id, agent_version, environment_id,
              harness, gen_random_uuid(), 'idle_timeout'
         from sessions, generate_series(1, $1::int) n where id = $2
       returning id, workspace_id
     ), logged as (
       insert into events (session_id, seq, id, type, at, payload)
       select added.id, seq, 'sevt_bench' || seq, 'x.lifecycle', now(), repeat('x', 300)
         from added, generate_series(1, 20) seq
     )
     insert into session_heads (session_id, workspace_id, last_seq) select id, workspace_id, 20 from added`,
    [count, template],
  );
  await pool.query('analyze sessions, session_heads, events');
}

function say(): Promise<void> {
  return ask('POST', `/api/v1/agents/${agent}/messages`, { message: 'hello' });
}

function accepted(): Promise<void> {
  return ask('POST', `/api/v1/agents/${agent}/messages`, { message: 'hello' }, { prefer: 'respond-async' });
}

function ask(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<void> {
  const text = body === undefined ? '' : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const options = {
      method,
      agent: connection,
      headers: {
        'x-api-key': platform.key,
        ...(body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {}),
        ...headers,
      },
    };
    const request = http.request(`${platform.url}${path}`, options, (response) => {
      response.resume().on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve();
        else reject(new Error(`${method} ${path}: ${response.statusCode}`));
      });
    });
    request.on('error', reject).end(text);
  });
}

async function times(count: number, work: () => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let n = 0; n < count; n++) all.push(await time(work));
  return all;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function rssMb(): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${platform.pid}/status`, 'utf8'))?.[1]) / 1024;
}

function cpuMs(): number {
  const fields = readFileSync(`/proc/${platform.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
