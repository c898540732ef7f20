// What a database in another region costs: turns, wakes and claims of a node whose way to PostgreSQL takes so long there and back.
// Usage: node bench/regions.ts [milliseconds, with commas]
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Platform, script, startPlatform, until } from '../tests/support/platform.ts';
import { startPostgresServer, systemPostgres } from '../tests/support/postgres-server.ts';

const ROUND_TRIPS_MS = (process.argv[2] ?? '0,2,20,80').split(',').map(Number);
const TURNS = 15;
const WAKES = 4;
const API_KEY = 'aaas_bench-regions-admin-key';

const bin = systemPostgres();
if (!bin) throw new Error('needs the PostgreSQL of the system: install the package postgresql');
const server = await startPostgresServer(bin);
for (const roundTripMs of ROUND_TRIPS_MS) {
  const far = await delay(Number(new URL(server.url).port), roundTripMs / 2);
  const url = new URL(server.url);
  url.port = String(far.port);
  const platform = await startPlatform({ DATABASE_URL: url.href, API_KEY, WARM_POOL_MEMORY_PERCENT: '0' });
  const agent = await platform.deploy({ agent_type: 'custom' });
  const path = `/api/v1/agents/${agent}`;
  await say(platform, path, 'begin');
  const turns: number[] = [];
  for (let n = 0; n < TURNS; n++) turns.push(await time(() => say(platform, path, 'hello')));
  const tools: number[] = [];
  const tool = script([{ tool: 'Bash', input: { command: 'true' } }, { text: 'done' }]);
  for (let n = 0; n < 5; n++) tools.push(await time(() => say(platform, path, tool)));
  const wakes: number[] = [];
  for (let n = 0; n < WAKES; n++) {
    await platform.json('POST', `${path}/hibernate`);
    await until(async () => (await platform.json('GET', path)).status === 'hibernated');
    wakes.push(await time(() => say(platform, path, 'wake')));
  }
  console.log(
    `round trip ${roundTripMs} ms · turn ${median(turns)} ms · turn with a tool ${median(tools)} ms · wake ${median(wakes)} ms`,
  );
  await platform.dispose();
  far.close();
}
await server.close();

function say(platform: Platform, path: string, message: string): Promise<unknown> {
  return platform.json('POST', `${path}/messages`, { message });
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function median(all: number[]): number {
  return Math.round(all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN);
}

/** A way to a port of this machine that takes `ms` in each direction. */
async function delay(port: number, ms: number) {
  const sockets = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
    const forward = (from: Socket, to: Socket) => {
      sockets.add(from);
      from.on('data', (data) => (ms === 0 ? to.write(data) : setTimeout(() => to.writable && to.write(data), ms)));
      from.on('error', () => {});
      from.on('close', () => setTimeout(() => to.destroy(), ms));
    };
    forward(client, upstream);
    forward(upstream, client);
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    close: () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
