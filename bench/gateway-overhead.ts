/**
 * What the model gateway adds to a streamed message: the same request to the same upstream, directly and through the
 * gateway, taking turns, one at a time. Client, gateway and upstream have a thread each; Postgres is real and commits
 * each ledger row before the end of its message.
 *
 *   node bench/gateway-overhead.ts [rounds]
 */
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { insertModelRequest } from '../apps/server/src/gateway/ledger/insert-model-request.ts';
import { createPrincipals } from '../apps/server/src/gateway/principal.ts';
import { addSession, ledgerOf, startTestGateway } from '../apps/server/src/gateway/testing.ts';
import { MESSAGE, MESSAGE_USAGE } from '../apps/server/src/gateway/testing-upstream.ts';
import { startTestDatabase } from '../apps/server/src/postgres/test-database.ts';

const ROUNDS = Number(process.argv[2] ?? 2_000);
const WARM_UP = 500;
const BODY_BYTES = 42_000;
const DELTAS = 20;

interface Targets {
  direct: string;
  gateway: string;
  token: string;
}

interface Timing {
  firstByte: number[];
  whole: number[];
}

/** Message start, many deltas each in a write of its own, end. */
function upstreamThread(): void {
  const [start, blockStart, , delta] = MESSAGE as [string, string, string, string];
  const end = MESSAGE.slice(5).join('');
  const server = createServer((req, res) => {
    req.resume().on('end', () => {
      res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_bench' });
      res.write(start + blockStart);
      let left = DELTAS;
      const next = () => {
        if (left-- > 0) {
          res.write(delta);
          setImmediate(next);
        } else res.end(end);
      };
      setImmediate(next);
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
}

async function clientThread({ direct, gateway, token }: Targets): Promise<void> {
  const timings: Record<'direct' | 'gateway', Timing> = {
    direct: { firstByte: [], whole: [] },
    gateway: { firstByte: [], whole: [] },
  };
  const agent = new Agent({ keepAlive: true });
  const body = requestBody();
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const side of ['direct', 'gateway'] as const) {
      const startedAt = performance.now();
      const firstByteAt = await send(side === 'direct' ? direct : gateway, token, agent, body);
      if (round < 0) continue;
      timings[side].firstByte.push(firstByteAt - startedAt);
      timings[side].whole.push(performance.now() - startedAt);
    }
  }
  agent.destroy();
  parentPort?.postMessage(timings);
}

/** Resolves at the end of the answer with the time of its first byte. */
function send(url: string, token: string, agent: Agent, body: Buffer): Promise<number> {
  const headers = {
    'x-api-key': token,
    'content-type': 'application/json',
    'content-length': body.length,
    'anthropic-version': '2023-06-01',
  };
  return new Promise((resolve, reject) => {
    let firstByteAt = 0;
    request(`${url}/v1/messages?beta=true`, { method: 'POST', agent, headers }, (res) => {
      res.on('data', () => {
        firstByteAt ||= performance.now();
      });
      res.on('end', () => resolve(firstByteAt));
      res.on('error', reject);
    })
      .on('error', reject)
      .end(body);
  });
}

/** As Claude Code sends it: tools and a long prompt make most of it. */
function requestBody(): Buffer {
  const tools = Array.from({ length: 12 }, (_, i) => ({
    name: `Tool${i}`,
    description: 'Does "something" with a file\nand says so. '.repeat(30),
    input_schema: { type: 'object', properties: { path: { type: 'string', description: 'Which file.' } } },
  }));
  const request = {
    model: 'claude-sonnet-4-5',
    messages: [{ role: 'user', content: '' }],
    tools,
    max_tokens: 32_000,
    stream: true,
  };
  const missing = BODY_BYTES - Buffer.byteLength(JSON.stringify(request));
  (request.messages[0] as { content: string }).content = 'x'.repeat(Math.max(0, missing));
  return Buffer.from(JSON.stringify(request));
}

async function main(): Promise<void> {
  const database = await startTestDatabase();
  const session = await addSession(database.pool);
  const upstream = new Worker(new URL(import.meta.url), { workerData: { role: 'upstream' } });
  const port = await message<number>(upstream);
  const direct = `http://127.0.0.1:${port}`;
  const upstreams = [{ name: 'bench', baseUrl: direct, apiKey: 'sk-bench', simulated: false }];
  const test = await startTestGateway(database.pool, { upstreams });
  const targets: Targets = { direct, gateway: test.gateway.url, token: test.token(session.sessionId) };
  const client = new Worker(new URL(import.meta.url), {
    workerData: { role: 'client', targets },
    argv: process.argv.slice(2),
  });
  const timings = await message<{ direct: Timing; gateway: Timing }>(client);

  const rows = (await ledgerOf(database.pool, session.sessionId)).length;
  console.log(`${ROUNDS} messages each, body ${BODY_BYTES} bytes, ${DELTAS + 2} chunks; ${rows} ledger rows`);
  console.table({
    'first byte, direct': line(timings.direct.firstByte),
    'first byte, gateway': line(timings.gateway.firstByte),
    'first byte, overhead': difference(timings.direct.firstByte, timings.gateway.firstByte),
    'whole message, direct': line(timings.direct.whole),
    'whole message, gateway': line(timings.gateway.whole),
    'whole message, overhead': difference(timings.direct.whole, timings.gateway.whole),
    'ledger commit alone': line(await commits()),
    'generation check alone': line(await checks()),
  });

  await test.close();
  await client.terminate();
  await upstream.terminate();
  await database.close();

  async function commits(): Promise<number[]> {
    const times: number[] = [];
    const principal = { ...session, generation: 1, temperature: null, simulated: false };
    for (let i = 0; i < 500; i++) {
      const startedAt = performance.now();
      await insertModelRequest(database.pool, {
        id: `mreq_${i}`,
        at: new Date(),
        principal,
        upstream: 'bench',
        model: 'claude-sonnet-4-5',
        status: 200,
        stopReason: 'end_turn',
        attempts: 1,
        usage: MESSAGE_USAGE,
        cost: null,
        firstByteMs: 1,
        uncountedOutputTokens: 0,
        durationMs: 2,
      });
      times.push(performance.now() - startedAt);
    }
    return times;
  }

  /** What a request waits for at most every two seconds; its body is read meanwhile. */
  async function checks(): Promise<number[]> {
    const times: number[] = [];
    let now = 0;
    const principals = createPrincipals(database.pool, () => now);
    for (let i = 0; i < 500; i++) {
      now += 2_000;
      const startedAt = performance.now();
      await principals.resolve({ sessionId: session.sessionId, generation: 1 });
      times.push(performance.now() - startedAt);
    }
    return times;
  }
}

function message<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}

const quantile = (values: number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN;
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
const line = (values: number[]) => ({
  'p50 ms': rounded(quantile(values, 0.5)),
  'p95 ms': rounded(quantile(values, 0.95)),
});
const difference = (direct: number[], gateway: number[]) => ({
  'p50 ms': rounded(quantile(gateway, 0.5) - quantile(direct, 0.5)),
  'p95 ms': rounded(quantile(gateway, 0.95) - quantile(direct, 0.95)),
});

if (isMainThread) await main();
else if (workerData.role === 'upstream') upstreamThread();
else await clientThread(workerData.targets);
