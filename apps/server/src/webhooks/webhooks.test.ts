import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Settings } from '@aaas/contract/settings';
import type { CreateWebhookRequest } from '@aaas/contract/webhooks';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createAgent } from '../agents/create-agent.ts';
import { defineAgent } from '../agents/define-agent.ts';
import { ensureDefaultEnvironment } from '../environments/default-environment.ts';
import { createJobs } from '../jobs/create-jobs.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { Keyring } from '../secrets/keyring.ts';
import { reseal } from '../secrets/reseal.ts';
import { testContext } from '../sessions/testing.ts';
import { createWebhook } from './create-webhook.ts';
import { Deliverer } from './delivery/deliverer.ts';
import { deliveryQueue } from './delivery/delivery-queue.ts';
import { retryDelay } from './delivery/retry-delay.ts';
import { findDelivery, listDeliveries } from './find-deliveries.ts';
import { findWebhook } from './find-webhooks.ts';
import { replayDelivery, replaySince } from './replay.ts';
import { rotateSecret } from './rotate-secret.ts';
import { sendTest } from './send-test.ts';
import { updateWebhook } from './update-webhook.ts';
import { webhookUpkeep } from './upkeep.ts';
import { WEBHOOK_SECRETS } from './webhook.ts';

const A = 'wrkspc_a';
const B = 'wrkspc_b';
const oldKey = Buffer.alloc(32, 1);
const keyring = new Keyring([oldKey]);
const log = pino({ level: 'silent' });
const settings = Settings.parse({
  WEBHOOK_ALLOW_PRIVATE: '127.0.0.1',
  WEBHOOK_CONCURRENCY: '8',
  WEBHOOK_TIMEOUT: '2',
  WEBHOOK_MAX_PENDING: '100',
});

let database: TestDatabase;
let jobs: Jobs;
let server: Server;
let origin: string;
const received: { path: string; id: string }[] = [];
const deliverers: Deliverer[] = [];
beforeAll(async () => {
  database = await startTestDatabase();
  jobs = createJobs({ target: database.target, log, kinds: [], queues: [deliveryQueue(settings)] });
  jobs.start();
  await until(() => jobs.up);
  server = createServer((request, response) => {
    received.push({ path: request.url ?? '', id: String(request.headers['webhook-id']) });
    if (request.url !== '/hangs') response.writeHead(request.url === '/fails' ? 500 : 204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  for (const id of [A, B]) await database.pool.query('insert into workspaces (id, name) values ($1, $1)', [id]);
});
afterAll(async () => {
  await Promise.all(deliverers.map((deliverer) => deliverer.close()));
  await jobs?.close();
  await database?.close();
  server?.closeAllConnections();
  server?.close();
});
beforeEach(async () => {
  await Promise.all(deliverers.splice(0).map((deliverer) => deliverer.close()));
  await database.pool.query('delete from webhooks; delete from webhook_deliveries');
  received.length = 0;
});

function deliver(nodeId = 'node_1'): void {
  deliverers.push(new Deliverer({ pool: database.pool, jobs, keyring, settings, nodeId, log }));
}

async function subscribe(workspaceId: string, path: string, more: Partial<CreateWebhookRequest> = {}): Promise<string> {
  const wish = { url: origin + path, events: ['*' as const], description: null, enabled: true, agent_ids: null };
  const context = { pool: database.pool, keyring };
  const created = await createWebhook(context, workspaceId, { ...wish, include_response: false, ...more }, 100);
  return created.webhook.id;
}

/** So many events that a workspace's webhooks are told of. */
async function emit(workspaceId: string, count: number): Promise<void> {
  await database.pool.query(
    `select emit_webhook_event($1, 'agent.error', null, '{"n":1}') from generate_series(1, $2)`,
    [workspaceId, count],
  );
}

async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await condition()); await sleep(20))
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${condition}`);
}

async function count(where: string): Promise<number> {
  const { rows } = await database.pool.query(`select count(*)::int as n from webhook_deliveries where ${where}`);
  return rows[0].n;
}

const every = { state: undefined, type: undefined, after: undefined, limit: 100 };

it('keeps tenants apart: neither events nor answers cross', async () => {
  const { pool } = database;
  const hookA = await subscribe(A, '/a');
  const hookB = await subscribe(B, '/b');
  const ctx = testContext(pool);
  const definition = defineAgent({ agent_type: 'general' }, { name: 'x', model: 'm' });
  await createAgent(ctx, A, await ensureDefaultEnvironment(pool, A), 'agent_of_a', definition, true);
  const [delivery] = await listDeliveries(pool, { workspaceId: A, webhookId: hookA }, every);
  expect(delivery?.type).toMatch(/^agent\.(created|status_changed)$/);
  expect(await listDeliveries(pool, { workspaceId: B, webhookId: hookB }, every)).toEqual([]);

  const foreign = { workspaceId: B, webhookId: hookA };
  expect(await findWebhook(pool, B, hookA)).toBeNull();
  expect(await updateWebhook(pool, B, hookA, { enabled: false })).toBeNull();
  expect(await rotateSecret({ pool, keyring }, B, hookA, 0)).toBeNull();
  expect(await sendTest(pool, B, hookA)).toBeNull();
  expect(await listDeliveries(pool, foreign, every)).toEqual([]);
  expect(await findDelivery(pool, foreign, delivery?.id ?? '')).toBeNull();
  expect(await findDelivery(pool, { workspaceId: A, webhookId: hookB }, delivery?.id ?? '')).toBeNull();
  await pool.query(`update webhook_deliveries set state = 'dead', next_attempt_at = null`);
  await replayDelivery(pool, foreign, delivery?.id ?? '');
  expect(await replaySince(pool, foreign, new Date(0))).toBe(0);
  expect(await count(`state = 'dead'`)).toBe(2);
});

it('sends each delivery once from two nodes, and lets no slow receiver hold the others up', async () => {
  await subscribe(A, '/hangs');
  await subscribe(A, '/a');
  await subscribe(B, '/b');
  await emit(A, 60);
  await emit(B, 60);
  deliver('node_1');
  deliver('node_2');
  // 60 that take 2 s each hang on: two at a time and node.
  await until(() => received.filter((one) => one.path === '/a').length === 60, 5_000);
  await until(() => received.filter((one) => one.path === '/b').length === 60, 5_000);
  for (const path of ['/a', '/b'])
    expect(new Set(received.filter((one) => one.path === path).map((o) => o.id)).size).toBe(60);
  expect(received.filter((one) => one.path === '/hangs').length).toBeLessThan(20);
});

it('switches a webhook off that has failed for days, and one that nobody empties', async () => {
  const { pool } = database;
  const failing = await subscribe(A, '/fails');
  await subscribe(A, '/watch', { events: ['webhook.disabled'] });
  await emit(A, 3);
  deliver();
  await until(async () => (await findWebhook(pool, A, failing))?.failingSince !== null);
  expect((await findWebhook(pool, A, failing))?.enabled).toBe(true);
  await pool.query(`update webhooks set failing_since = now() - interval '6 days' where id = $1`, [failing]);
  await emit(A, 1);
  await until(() => received.some((one) => one.path === '/watch'));
  expect(await findWebhook(pool, A, failing)).toMatchObject({ enabled: false, disabledReason: 'failing' });
  // While it is off nothing is recorded, and what waited is neither sent nor lost.
  const waiting = await count(`webhook_id = '${failing}' and state = 'pending'`);
  await emit(A, 5);
  expect(await count(`webhook_id = '${failing}' and state = 'pending'`)).toBe(waiting);

  await updateWebhook(pool, A, failing, { enabled: true, url: `${origin}/ok` });
  await replaySince(pool, { workspaceId: A, webhookId: failing }, new Date(0));
  await until(async () => (await count(`webhook_id = '${failing}' and state = 'delivered'`)) === waiting);

  const full = await subscribe(B, '/b');
  await Promise.all(deliverers.splice(0).map((deliverer) => deliverer.close()));
  await emit(B, 100);
  const [, backlog] = webhookUpkeep({ pool, settings, log });
  await backlog?.run({}, AbortSignal.timeout(5_000));
  expect((await findWebhook(pool, B, full))?.enabled).toBe(true);
  await emit(B, 1);
  await backlog?.run({}, AbortSignal.timeout(5_000));
  expect(await findWebhook(pool, B, full)).toMatchObject({ enabled: false, disabledReason: 'backlog' });
});

it('removes what is old, and what belongs to a webhook that is no more', async () => {
  const { pool } = database;
  const kept = await subscribe(A, '/a');
  const gone = await subscribe(A, '/gone');
  await emit(A, 10);
  await pool.query(
    `update webhook_deliveries set id = webhook_delivery_id(now() - interval '31 days')
      where id in (select id from webhook_deliveries where webhook_id = $1 order by seq limit 4)`,
    [kept],
  );
  await pool.query('delete from webhooks where id = $1', [gone]);
  const [purge] = webhookUpkeep({ pool, settings, log });
  await purge?.run({}, AbortSignal.timeout(5_000));
  expect(await count(`webhook_id = '${kept}'`)).toBe(6);
  expect(await count(`webhook_id = '${gone}'`)).toBe(0);
});

it('stores no secret in the clear, and signs on after the encryption key has changed', async () => {
  const { pool } = database;
  const id = await subscribe(A, '/a');
  await rotateSecret({ pool, keyring }, A, id, 60);
  const stored = JSON.stringify((await pool.query('select * from webhooks')).rows);
  expect(stored).not.toContain('whsec_');
  const both = new Keyring([Buffer.alloc(32, 2), oldKey]);
  await pool.query(`insert into encryption_keys (id, proof) values ($1, '')`, [keyring.sealingKeyId]);
  expect(await reseal(pool, both, WEBHOOK_SECRETS)).toBe(2);
  await emit(A, 1);
  deliverers.push(
    new Deliverer({ pool, jobs, keyring: new Keyring([Buffer.alloc(32, 2)]), settings, nodeId: 'n', log }),
  );
  await until(() => received.length === 1);
});

it('waits longer from try to try, as the receiver asks, and not for ever', () => {
  const schedule = '5,300,1800';
  expect([1, 2, 3, 4].map((tries) => retryDelay(tries, schedule, null, 0.5))).toEqual([
    5_000,
    300_000,
    1_800_000,
    null,
  ]);
  expect(retryDelay(1, schedule, null, 0)).toBeCloseTo(4_000);
  expect(retryDelay(1, schedule, null, 1)).toBeCloseTo(6_000);
  expect(retryDelay(1, schedule, 60, 0.5)).toBe(60_000);
  expect(retryDelay(1, schedule, 1e9, 0.5)).toBe(86_400_000);
  expect(retryDelay(4, schedule, 60, 0.5)).toBeNull();
});
