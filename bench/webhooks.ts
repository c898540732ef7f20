// How fast deliveries leave: so many events for webhooks of one workspace, on one node, to a receiver on this machine
// that answers at once; with one webhook, with ten, and with ten beside one whose receiver hangs and that has a backlog.
// Usage: node bench/webhooks.ts [deliveries] [backlog]

import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Settings } from '@aaas/contract/settings';
import { pino } from 'pino';
import { createJobs } from '../apps/server/src/jobs/create-jobs.ts';
import { startTestDatabase } from '../apps/server/src/postgres/test-database.ts';
import { Keyring } from '../apps/server/src/secrets/keyring.ts';
import { createWebhook } from '../apps/server/src/webhooks/create-webhook.ts';
import { Deliverer } from '../apps/server/src/webhooks/delivery/deliverer.ts';
import { deliveryQueue } from '../apps/server/src/webhooks/delivery/delivery-queue.ts';

const COUNT = Number(process.argv[2] ?? 3_000);
const BACKLOG = Number(process.argv[3] ?? 50_000);
const settings = Settings.parse({ WEBHOOK_ALLOW_PRIVATE: '127.0.0.1', WEBHOOK_MAX_PENDING: '1000000' });
const keyring = new Keyring([Buffer.alloc(32, 1)]);
const log = pino({ level: 'warn' });

let received = 0;
const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/hangs') return;
  received += 1;
  response.writeHead(204).end();
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;

for (const [what, webhooks, backlog] of [
  ['one webhook', 1, 0],
  ['ten webhooks', 10, 0],
  [`ten webhooks beside a backlog of ${BACKLOG}`, 10, BACKLOG],
] as const) {
  const database = await startTestDatabase();
  const { pool } = database;
  for (const id of ['wrkspc_a', 'wrkspc_b'])
    await pool.query('insert into workspaces (id, name) values ($1, $1)', [id]);
  const jobs = createJobs({ target: database.target, log, kinds: [], queues: [deliveryQueue(settings)] });
  jobs.start();
  while (!jobs.up) await sleep(5);
  const subscribe = (workspace: string, path: string) =>
    createWebhook(
      { pool, keyring },
      workspace,
      {
        ...{ url: origin + path, events: ['*'], description: null, enabled: true, agent_ids: null },
        include_response: false,
      },
      100,
    );
  const emit = async (workspace: string, count: number) => {
    for (let left = count; left > 0; left -= 5_000)
      await pool.query(`select emit_webhook_event($1, 'agent.error', null, '{"n":1}') from generate_series(1, $2)`, [
        workspace,
        Math.min(left, 5_000),
      ]);
  };
  if (backlog > 0) await subscribe('wrkspc_b', '/hangs');
  for (let n = 0; n < webhooks; n++) await subscribe('wrkspc_a', `/${n}`);
  received = 0;
  await emit('wrkspc_b', backlog);
  await emit('wrkspc_a', COUNT / webhooks);
  const transactions = async () =>
    (await pool.query('select xact_commit::int as n from pg_stat_database where datname = current_database()')).rows[0]
      .n;
  const before = await transactions();
  const cpu = process.cpuUsage();
  const began = performance.now();
  const deliverer = new Deliverer({ pool, jobs, keyring, settings, nodeId: 'node_1', log });
  while (received < COUNT) await sleep(5);
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  // One at a time, into a queue that is empty but for the backlog.
  const late: number[] = [];
  for (let n = 0; n < 50; n++) {
    const seen = received;
    const at = performance.now();
    await emit('wrkspc_a', 1);
    deliverer.wake();
    while (received === seen) await sleep(1);
    late.push(performance.now() - at);
    while (received < seen + webhooks) await sleep(1);
  }
  late.sort((a, b) => a - b);
  await sleep(1_500);
  console.log(
    `${what}: ${Math.round(COUNT / seconds)}/s, ${((user + system) / 1_000 / COUNT).toFixed(2)} ms of CPU and ` +
      `${(((await transactions()) - before) / COUNT).toFixed(1)} transactions each; ` +
      `one more: ${late[25]?.toFixed(0)} ms p50, ${late[47]?.toFixed(0)} ms p95`,
  );
  await deliverer.close();
  await jobs.close();
  await database.close();
}
server.closeAllConnections();
server.close();
