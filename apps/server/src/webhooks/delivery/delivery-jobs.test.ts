import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Settings } from '@aaas/contract/settings';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createJobs } from '../../jobs/create-jobs.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { transaction } from '../../postgres/transaction.ts';
import { Keyring } from '../../secrets/keyring.ts';
import { createWebhook } from '../create-webhook.ts';
import { replayDelivery } from '../replay.ts';
import { updateWebhook } from '../update-webhook.ts';
import { webhookUpkeep } from '../upkeep.ts';
import { Deliverer } from './deliverer.ts';
import { deliveryQueue } from './delivery-queue.ts';
import { recordAttempt } from './record-attempt.ts';
import { takeDeliveries } from './take-deliveries.ts';

const A = 'wrkspc_a';
const B = 'wrkspc_b';
const keyring = new Keyring([Buffer.alloc(32, 1)]);
const log = pino({ level: 'silent' });
const settings = Settings.parse({
  WEBHOOK_ALLOW_PRIVATE: '127.0.0.1',
  WEBHOOK_CONCURRENCY: '8',
  WEBHOOK_TIMEOUT: '1',
  WEBHOOK_RETRY_SCHEDULE: '100,200',
});

let database: TestDatabase;
let jobs: Jobs;
let server: Server;
let origin: string;
const received: { path: string; id: string }[] = [];
const deliverers: Deliverer[] = [];
beforeAll(async () => {
  database = await startTestDatabase();
  for (const id of [A, B]) await database.pool.query('insert into workspaces (id, name) values ($1, $1)', [id]);
  server = createServer((request, response) => {
    received.push({ path: request.url ?? '', id: String(request.headers['webhook-id']) });
    if (request.url !== '/hangs') response.writeHead(request.url === '/fails' ? 500 : 204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  jobs = createJobs({ target: database.target, log, kinds: [], queues: [deliveryQueue(settings)] });
});
afterEach(async () => {
  await Promise.all(deliverers.splice(0).map((deliverer) => deliverer.close()));
  await database.pool.query('delete from webhooks; delete from webhook_deliveries');
  received.length = 0;
});
afterAll(async () => {
  await jobs?.close();
  await database?.close();
  server?.closeAllConnections();
  server?.close();
});

function deliver(nodeId = 'node_1'): Deliverer {
  const deliverer = new Deliverer({ pool: database.pool, jobs, keyring, settings, nodeId, log });
  deliverers.push(deliverer);
  return deliverer;
}

async function subscribe(workspaceId: string, path: string): Promise<string> {
  const wish = { url: origin + path, events: ['*' as const], description: null, enabled: true, agent_ids: null };
  const context = { pool: database.pool, keyring };
  return (await createWebhook(context, workspaceId, { ...wish, include_response: false }, 100)).webhook.id;
}

const EMIT = `select emit_webhook_event($1, 'agent.error', null, '{"n":1}') from generate_series(1, $2)`;
const emit = (workspaceId: string, count: number) => database.pool.query(EMIT, [workspaceId, count]);

// biome-ignore lint/suspicious/noExplicitAny: tests read every column
async function rows(): Promise<any[]> {
  const { rows } = await database.pool.query(
    `select d.*, j.state as job_state, j.priority, j.start_after, j.data from webhook_deliveries d
       left join pgboss.job j on j.name = 'webhooks.deliver' and j.id = d.job_id order by d.seq`,
  );
  return rows;
}

async function queued(): Promise<number> {
  const { rows } = await database.pool.query(
    `select count(*)::int as n from pgboss.job where name = 'webhooks.deliver'`,
  );
  return rows[0].n;
}

async function until(condition: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await condition()); await sleep(20))
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${condition}`);
}

it('delivers what was recorded before there was a queue, and what an earlier release has left', async () => {
  const { pool } = database;
  await subscribe(A, '/a');
  await emit(A, 2);
  expect((await pool.query('select job_id from webhook_deliveries')).rows).toEqual([
    { job_id: null },
    { job_id: null },
  ]);
  await pool.query(
    `update webhook_deliveries set claimed_by = 'node_old' where seq = (select max(seq) from webhook_deliveries)`,
  );
  deliver();
  jobs.start();
  await until(async () => jobs.up && (await rows()).every((row) => row.state === 'delivered'));
  expect(await queued()).toBe(0);
});

it('makes the job in the transaction of the event, and the next one in that of the attempt', async () => {
  const { pool } = database;
  const webhookId = await subscribe(A, '/fails');
  await transaction(pool, async (db) => {
    await db.query(EMIT, [A, 1]);
    throw new Error('no');
  }).catch(() => {});
  expect(await queued()).toBe(0);
  await emit(A, 1);
  const [made] = await rows();
  expect(made).toMatchObject({ job_state: 'created', priority: 0, data: { delivery: made.id } });

  deliver();
  await until(async () => (await rows())[0].attempts === 1);
  const [again] = await rows();
  expect(again).toMatchObject({ job_state: 'created', priority: -1, claimed_by: null, tries: 1 });
  expect(again.start_after).toEqual(again.next_attempt_at);
  const seconds = (again.next_attempt_at.getTime() - Date.now()) / 1_000;
  expect(seconds).toBeGreaterThan(75);
  expect(seconds).toBeLessThan(120);

  await replayDelivery(pool, { workspaceId: A, webhookId }, made.id);
  await until(async () => (await rows())[0].attempts === 2);
  expect((await rows())[0].job_id).not.toBe(again.job_id);
  expect(received.map(({ id }) => id)).toEqual([made.id, made.id]);
});

it('lets the job of a node that died come again, and takes nothing from that node afterwards', async () => {
  const { pool } = database;
  await subscribe(A, '/a');
  await emit(A, 1);
  const shares = { free: 8, perWebhook: 2, perWorkspace: 4 };
  const dead = { pool, jobs, nodeId: 'node_dead', shares, busy: [], retries: true, held: true };
  const [lost] = (await takeDeliveries(dead)).taken;
  expect((await takeDeliveries({ ...dead, nodeId: 'node_2' })).taken).toEqual([]);
  deliver('node_2');
  await until(() => received.length === 1, 15_000);
  expect(received[0]?.id).toBe(lost?.id);
  await until(async () => (await rows())[0].state === 'delivered');
  const outcome = {
    at: new Date(),
    durationMs: 1,
    status: 500,
    error: 'late',
    response: null,
    retryAfterSeconds: null,
  };
  expect(await recordAttempt(pool, lost as never, outcome, { state: 'dead', gone: false }, 5)).toBeNull();
  expect((await rows())[0]).toMatchObject({ state: 'delivered', attempts: 1 });
});

it('keeps a backlog out of the queue, and finds what is behind it', async () => {
  const { pool } = database;
  const slow = await subscribe(A, '/hangs');
  await subscribe(B, '/b');
  await emit(A, 3_000);
  await emit(B, 1);
  deliver();
  await until(() => received.some(({ path }) => path === '/b'), 10_000);
  await until(async () => (await queued()) < 50);
  await emit(A, 1); // behind those that wait
  expect((await rows()).at(-1)).toMatchObject({ job_id: null, state: 'pending' });
  expect((await pool.query(`select from webhook_deliveries where state = 'pending'`)).rowCount).toBe(3_001);

  // What waits for a webhook that is off is kept without a job, and goes on when it is on again.
  await updateWebhook(pool, A, slow, { enabled: false });
  await until(async () => (await rows()).every((row) => row.job_id === null || row.attempts > 0));
  const seen = received.length;
  await updateWebhook(pool, A, slow, { enabled: true, url: `${origin}/again` });
  await until(() => received.length > seen + 20, 10_000);
});

it('finds deliveries whose jobs somebody has removed', async () => {
  const { pool } = database;
  await subscribe(A, '/a');
  await emit(A, 3);
  await pool.query(`delete from pgboss.job where name = 'webhooks.deliver'`);
  await pool.query(`update webhook_deliveries set next_attempt_at = now() - interval '2 minutes'`);
  deliver();
  const [, , lost] = webhookUpkeep({ pool, settings, log });
  await lost?.run({}, AbortSignal.timeout(5_000));
  await until(() => received.length === 3);
  expect(new Set(received.map(({ id }) => id)).size).toBe(3);
});
