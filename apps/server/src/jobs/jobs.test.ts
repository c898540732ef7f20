import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { transaction } from '../postgres/transaction.ts';
import { createJobs } from './create-jobs.ts';
import type { JobKind, Jobs } from './jobs.ts';

const done: string[] = [];
let atOnce = 0;
let mostAtOnce = 0;
const failures = new Map([['fails once', 1]]);

const kind: JobKind<{ what: string }> = {
  name: 'test.note',
  concurrency: 2,
  expiresAfterSeconds: 60,
  retries: 3,
  run: async ({ what }) => {
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    await sleep(20);
    atOnce -= 1;
    const left = failures.get(what) ?? 0;
    failures.set(what, left - 1);
    done.push(left > 0 ? `${what}: failed` : what);
    if (left > 0) throw new Error('as asked');
  },
};
const timed: JobKind = { ...kind, name: 'test.timed', cron: '0 4 * * *', run: async () => {} };

let database: TestDatabase;
const nodes: Jobs[] = [];
beforeAll(async () => {
  database = await startTestDatabase();
  const log = pino({ level: 'silent' });
  for (let n = 0; n < 2; n++) nodes.push(createJobs({ target: database.target, log, kinds: [kind, timed] }));
  for (const node of nodes) node.start();
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await database?.close();
});

async function until(condition: () => boolean, withinMs = 20_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !condition(); await sleep(20))
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${condition}`);
}

it('comes up on two servers that start at once, and does a job with the transaction that needs it, or not at all', async () => {
  const [a, b] = nodes as [Jobs, Jobs];
  await a.send('test.note', { what: 'from a' });
  await b.send('test.note', { what: 'from b' });
  const { pool } = database;
  await expect(
    transaction(pool, async (db) => {
      await a.send('test.note', { what: 'rolled back' }, { db });
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  await transaction(pool, async (db) => {
    await a.send('test.note', { what: 'committed' }, { db });
    await sleep(300);
    expect(done).not.toContain('committed');
  });
  await until(() => done.length >= 3);
  expect(done.toSorted()).toEqual(['committed', 'from a', 'from b']);

  const { rows } = await pool.query('select name, cron from pgboss.schedule');
  expect(rows).toEqual([{ name: 'test.timed', cron: '0 4 * * *' }]);
  const connections = await pool.query(
    `select count(*)::int as n from pg_stat_activity where application_name like 'aaas jobs%'`,
  );
  // Three and one that listens, of each.
  expect(connections.rows[0].n).toBeLessThanOrEqual(8);
});

it('tries again what failed, and bounds what runs at once', async () => {
  const [a] = nodes as [Jobs];
  await a.send('test.note', { what: 'fails once' });
  for (let n = 0; n < 12; n++) await a.send('test.note', { what: `n${n}` });
  await until(() => done.filter((one) => /^n\d/.test(one)).length === 12);
  expect(mostAtOnce).toBeLessThanOrEqual(4);
  await until(() => done.includes('fails once'));
  expect(done.filter((one) => one.startsWith('fails once'))).toEqual(['fails once: failed', 'fails once']);
});

it('says so when the queue is not up', async () => {
  const never = createJobs({ target: database.target, log: pino({ level: 'silent' }), kinds: [] });
  const sent = never.send('test.note', {});
  await never.close();
  await expect(sent).rejects.toMatchObject({ code: 'unavailable' });
});
