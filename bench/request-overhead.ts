// What the limits and an Idempotency-Key add to a request: the same requests with and without them, in turn, on one
// server. Usage: node bench/request-overhead.ts [requests]
import http from 'node:http';
import { startPlatform } from '../tests/support/platform.ts';

const REQUESTS = Number(process.argv[2] ?? 500);
const WARM_UP = 50;
const ENDLESS = 1_000_000;

const platform = await startPlatform({
  RATE_LIMIT_ENABLED: 'true',
  RATE_LIMIT_PER_MINUTE: String(ENDLESS),
  RATE_LIMIT_AGENT_CREATION: String(ENDLESS),
  ...(process.env.DATABASE_URL ? { DATABASE_URL: process.env.DATABASE_URL } : {}),
});
const connection = new http.Agent({ keepAlive: true });
const agent = await platform.deploy({ agent_type: 'custom' });
const create = { config: { agent_type: 'custom' }, auto_start: false };

const reads: Record<'without' | 'with', number[]> = { without: [], with: [] };
for (const round of ['without', 'with', 'without', 'with'] as const) {
  await platform.json('PATCH', '/api/v1/settings', { RATE_LIMIT_ENABLED: round === 'with' });
  for (let n = 0; n < REQUESTS + WARM_UP; n++) {
    const ms = await time('GET', `/api/v1/agents/${agent}`);
    if (n >= WARM_UP) reads[round].push(ms);
  }
}
const creations: Record<'without' | 'with', number[]> = { without: [], with: [] };
for (let n = 0; n < REQUESTS + WARM_UP; n++) {
  const pair = {
    without: await time('POST', '/api/v1/agents', create),
    with: await time('POST', '/api/v1/agents', create, { 'idempotency-key': `bench-${n}` }),
  };
  if (n < WARM_UP) continue;
  creations.without.push(pair.without);
  creations.with.push(pair.with);
}
show('GET an agent', 'with limits', reads);
show('POST an agent', 'with an Idempotency-Key', creations);
connection.destroy();
await platform.dispose();

function time(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<number> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      `${platform.url}${path}`,
      {
        method,
        agent: connection,
        headers: {
          'x-api-key': platform.key,
          ...(body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {}),
          ...headers,
        },
      },
      (response) => {
        if ((response.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${response.statusCode}`));
        response.resume().on('end', () => resolve(performance.now() - began));
      },
    );
    outgoing.on('error', reject).end(text);
  });
}

function show(what: string, name: string, times: Record<'without' | 'with', number[]>): void {
  const of = (values: number[]) =>
    `p50 ${quantile(values, 0.5).toFixed(2)} ms, p95 ${quantile(values, 0.95).toFixed(2)} ms`;
  console.log(`${what}: ${of(times.without)}; ${name}: ${of(times.with)}`);
}

function quantile(values: number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN;
}
