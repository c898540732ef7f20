// What a turn costs when it is asked of a node that does not own the agent, with Redis and without: two pairs of nodes on
// two databases of one server, asked in turn, so that all of them share the weather of the machine. And how late a piece
// of text comes there. Usage: node bench/other-node.ts [turns]
import pg from 'pg';
import { type Platform, script, startPlatform, until } from '../tests/support/platform.ts';
import { startPostgresServer, systemPostgres } from '../tests/support/postgres-server.ts';
import { startRedisServer } from '../tests/support/redis-server.ts';
import { framesOf } from '../tests/support/sse.ts';

const TURNS = Number(process.argv[2] ?? 100);
const WARM_UP = 10;

const bin = systemPostgres();
if (!bin) throw new Error('this needs a system PostgreSQL under /usr/lib/postgresql');
const server = await startPostgresServer(bin);
const redis = await startRedisServer();

interface Pair {
  owner: Platform;
  other: Platform;
  agent: string;
}

const pairs: Record<string, Pair> = {
  'without Redis': await startPair('plain', {}),
  'with Redis': await startPair('shared', { REDIS_URL: redis.url }),
};

const times: Record<string, number[]> = {};
for (let turn = 0; turn < TURNS + WARM_UP; turn++) {
  for (const [name, pair] of Object.entries(pairs)) {
    for (const [where, node] of [['owner', pair.owner] as const, ['other node', pair.other] as const]) {
      const started = performance.now();
      await node.json('POST', `/api/v1/agents/${pair.agent}/messages`, { message: `turn ${turn}` });
      if (turn >= WARM_UP) note(`${name}, ${where}`, performance.now() - started);
    }
  }
}
console.log(`${TURNS} turns each, in turn:`);
for (const [name, values] of Object.entries(times)) report(name, values);

console.log('pieces of text, how much later on the other node than on the owner:');
for (const [name, pair] of Object.entries(pairs)) report(name, await lateness(pair));

for (const { owner, other } of Object.values(pairs)) {
  await other.dispose();
  await owner.dispose();
}
await redis.close();
await server.close();

async function startPair(database: string, more: Record<string, string>): Promise<Pair> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`create database ${database}`);
  await client.end();
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  const env = { DATABASE_URL: url.href, API_KEY: 'aaas_bench-other-node-key', ...more };
  const owner = await startPlatform(env);
  const other = await startPlatform({ ...env, ROLES: 'api' });
  return { owner, other, agent: await owner.deploy() };
}

/** Milliseconds between the arrival of each piece at a stream of the owner and at one of the other node. */
async function lateness({ owner, other, agent }: Pair): Promise<number[]> {
  const closing = new AbortController();
  const arrivals = [owner, other].map((node) => {
    const times: number[] = [];
    const reading = (async () => {
      const response = await fetch(`${node.url}/api/v1/agents/${agent}/events/stream`, {
        headers: { 'x-api-key': node.key },
        signal: closing.signal,
      });
      for await (const { event } of framesOf(response)) if (event === 'event_delta') times.push(performance.now());
    })().catch(() => {});
    return { times, reading };
  });
  const words = Array.from({ length: 400 }, (_, n) => `word-${n} `).join('');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const message = script([{ tokens_per_second: 100 }, { text: words }]);
  await owner.json('POST', `/api/v1/agents/${agent}/messages`, { message });
  const [here, there] = arrivals.map(({ times }) => times) as [number[], number[]];
  await until(() => there.length >= here.length);
  closing.abort();
  await Promise.all(arrivals.map(({ reading }) => reading));
  return here.map((at, index) => (there[index] as number) - at);
}

function note(name: string, ms: number): void {
  times[name] ??= [];
  times[name].push(ms);
}

function report(name: string, values: number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number) => (sorted[Math.floor(q * (sorted.length - 1))] as number).toFixed(1);
  console.log(`  ${name.padEnd(28)} p50 ${at(0.5)} ms   p95 ${at(0.95)} ms`);
}
