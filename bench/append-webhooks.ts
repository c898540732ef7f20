// What webhooks cost whoever writes the log: statements against the embedded database, one after another, without the
// triggers, with nobody listening, and with five webhooks that want everything. The variants take turns, and
// the disk is left out: a commit does not wait for it.
// Usage: node bench/append-webhooks.ts [rounds]

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Settings } from '@aaas/contract/settings';
import { pino } from 'pino';
import { createJobs } from '../apps/server/src/jobs/create-jobs.ts';
import { startTestDatabase } from '../apps/server/src/postgres/test-database.ts';
import { Keyring } from '../apps/server/src/secrets/keyring.ts';
import { loadSession } from '../apps/server/src/sessions/lifecycle/load-session.ts';
import { transition } from '../apps/server/src/sessions/lifecycle/transition.ts';
import { appendEvents } from '../apps/server/src/sessions/log/append.ts';
import { draftEvent } from '../apps/server/src/sessions/log/draft-event.ts';
import { addSession, testContext, WORKSPACE } from '../apps/server/src/sessions/testing.ts';
import { createWebhook } from '../apps/server/src/webhooks/create-webhook.ts';
import { deliveryQueue } from '../apps/server/src/webhooks/delivery/delivery-queue.ts';

const ROUNDS = Number(process.argv[2] ?? 20);
const PER_ROUND = 50;
const TABLES = ['events', 'sessions', 'turns', 'agents'];

const database = await startTestDatabase();
const { pool } = database;
const jobs = createJobs({
  target: database.target,
  log: pino({ level: 'warn' }),
  kinds: [],
  queues: [deliveryQueue(Settings.parse({}))],
});
jobs.start();
while (!jobs.up) await sleep(5);
// One statement at a time: the pool keeps to one connection.
await pool.query('set synchronous_commit = off');
const ctx = testContext(pool);
const sessionId = await addSession(ctx);
const owned = { sessionId, generation: 0 };
const row = await loadSession(ctx, owned);
const keyring = new Keyring([Buffer.alloc(32, 1)]);
const text = 'x'.repeat(300);

const operations: Record<string, () => Promise<unknown>> = {
  'append agent.message': () =>
    appendEvents(ctx, owned, {
      turnId: null,
      events: [draftEvent('agent.message', { content: [{ type: 'text', text }] })],
    }),
  'append session.status_idle': () =>
    appendEvents(ctx, owned, { turnId: null, events: [draftEvent('session.status_idle')] }),
  'change of status': () =>
    transition(
      ctx,
      owned,
      row,
      { sandboxPhase: row.sandboxPhase === 'starting' ? 'ready' : 'starting' },
      { reason: 'process_spawned' },
    ),
};
const variants: Record<string, () => Promise<unknown>> = {
  'no triggers': () => setTriggers('disable'),
  'no webhook': () => setTriggers('enable'),
  '5 webhooks': async () => {
    for (let n = 0; n < 5; n++) {
      const wish = { url: 'https://example.com/', events: ['*' as const], description: null, enabled: true };
      await createWebhook({ pool, keyring }, WORKSPACE, { ...wish, agent_ids: null, include_response: false }, 10);
    }
  },
};

// The connection's own process: what it burns says more than the clock where others work too.
const { pid } = (await pool.query('select pg_backend_pid() as pid')).rows[0];
const cpu = new Map<string, number>();
const times = new Map<string, Map<string, number[]>>();
for (let round = -1; round < ROUNDS; round++) {
  await pool.query(
    'delete from webhooks; truncate webhook_deliveries cascade; truncate events; delete from pgboss.job',
  );
  for (const [variant, prepare] of Object.entries(variants)) {
    await prepare();
    for (const [operation, run] of Object.entries(operations)) {
      // Nobody delivers here: a webhook for which more wait would get no more jobs.
      await pool.query('truncate webhook_deliveries cascade; delete from pgboss.job');
      const busy = cpuSeconds();
      for (let n = 0; n < PER_ROUND; n++) {
        const began = performance.now();
        await run();
        if (round >= 0) note(operation, variant, performance.now() - began);
      }
      const key = operation + variant;
      if (round >= 0) cpu.set(key, (cpu.get(key) ?? 0) + cpuSeconds() - busy);
    }
  }
}
console.log(`${ROUNDS * PER_ROUND} of each, milliseconds, p50 / p95 (CPU of the database)`);
for (const [operation, of] of times) {
  const cells = [...of].map(([name, all]) => {
    const burnt = ((cpu.get(operation + name) ?? 0) * 1_000) / all.length;
    return `${name} ${at(all, 0.5)} / ${at(all, 0.95)} (${burnt.toFixed(2)})`;
  });
  console.log(`${operation.padEnd(28)} ${cells.join('    ')}`);
}
await jobs.close();
await database.close();

function note(operation: string, variant: string, milliseconds: number): void {
  const of = times.get(operation) ?? new Map<string, number[]>();
  times.set(operation, of.set(variant, [...(of.get(variant) ?? []), milliseconds]));
}

function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function setTriggers(how: 'enable' | 'disable'): Promise<void> {
  for (const table of TABLES) await pool.query(`alter table ${table} ${how} trigger user`);
}

function at(all: number[], q: number): string {
  return (all.toSorted((a, b) => a - b)[Math.floor(all.length * q)] ?? 0).toFixed(2);
}
