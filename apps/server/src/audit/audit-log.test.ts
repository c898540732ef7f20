import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { AuditRecord } from './append-entries.ts';
import { AuditLog } from './audit-log.ts';
import { verifyStored } from './verify-stored.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.close());

const WITHIN_MS = 5_000;
const record = (chain: string, operation: string): AuditRecord => ({
  chain,
  at: new Date().toISOString(),
  request_id: 'req_1',
  client_request_id: null,
  operation,
  method: 'POST',
  path: '/é/\u{1f600}',
  resource_id: null,
  key_id: null,
  client_address: null,
  user_agent: 'ü "quoted" \\ \u2028',
  status: 200,
  outcome: 'success',
  error_code: null,
  fields: ['a', 'ö'],
});
const operationsOf = async (chain: string) =>
  (
    await db.pool.query<{ operation: string }>('select operation from audit_entries where chain = $1 order by seq', [
      chain,
    ])
  ).rows.map(({ operation }) => operation);

function newLog(pool: Pool = db.pool) {
  const lines: string[] = [];
  const metrics = createMetrics();
  const log = new AuditLog(pool, pino({}, { write: (line: string) => void lines.push(line) }), metrics);
  return { log, lines, metrics };
}

it('keeps one chain for each workspace, whoever writes to it at once', async () => {
  const logs = [newLog().log, newLog().log, newLog().log];
  await Promise.all(
    Array.from({ length: 300 }, (_, n) => logs[n % 3]?.write(record(`w${n % 4}`, `op.${n}`), WITHIN_MS)),
  );
  for (const chain of ['w0', 'w1', 'w2', 'w3']) {
    expect(await verifyStored(db.pool, chain)).toMatchObject({ ok: true, entries: 75, head_seq: 75 });
  }
  // What one process records stays in its order.
  const own = (await operationsOf('w0')).map((operation) => Number(operation.slice(3))).filter((n) => n % 3 === 0);
  expect(own).toEqual(own.toSorted((a, b) => a - b));
  for (const log of logs) await log.close();
});

it('writes what waits when it closes', async () => {
  const { log } = newLog();
  for (let n = 0; n < 1_200; n++) log.add(record('closing', `op.${n}`));
  await log.close();
  expect(await operationsOf('closing')).toHaveLength(1_200);
});

it('goes on where it was when the database comes back, and says in the meantime that it could not record', async () => {
  let away = true;
  const pool = new Proxy(db.pool, {
    get: (target, name) => {
      if (name === 'connect' && away) return () => Promise.reject(new Error('away'));
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { log } = newLog(pool);
  log.add(record('back', 'op.1'));
  await expect(log.write(record('back', 'op.2'), 50)).rejects.toMatchObject({ code: 'unavailable' });
  away = false;
  await log.write(record('back', 'op.3'), WITHIN_MS);
  expect(await operationsOf('back')).toEqual(['op.1', 'op.2', 'op.3']);
  await log.close();
});

it('loses an entry that the database refuses to its log alone, and no other', async () => {
  const { log, lines, metrics } = newLog();
  log.add(record('refused', 'op.1'));
  log.add({ ...record('refused', 'op.2'), outcome: 'nonsense' as 'failed' });
  const last = log.write(record('refused', 'op.3'), WITHIN_MS);
  await last;
  expect(await operationsOf('refused')).toEqual(['op.1', 'op.3']);
  expect(lines.join()).toMatch(/"operation":"op.2".*was not written/s);
  expect(await metrics.registry.getSingleMetricAsString('aaas_audit_entries_lost_total')).toMatch(/total 1$/);
  expect((await verifyStored(db.pool, 'refused')).ok).toBe(true);
  await log.close();
});

it('finds entries beyond the end of a chain, and a chain without an end', async () => {
  const { log } = newLog();
  await log.write(record('ends', 'op.1'), WITHIN_MS);
  await log.write(record('ends', 'op.2'), WITHIN_MS);
  await db.pool.query(
    `update audit_heads set seq = 1, hash = (select hash from audit_entries where chain = 'ends' and seq = 1) where chain = 'ends'`,
  );
  expect(await verifyStored(db.pool, 'ends')).toMatchObject({ ok: false, entries: 1, broken: { seq: 2 } });
  await db.pool.query(`update audit_heads set chain = 'elsewhere' where chain = 'ends'`);
  expect(await verifyStored(db.pool, 'ends')).toMatchObject({ ok: false, entries: 0, broken: { seq: 1 } });
  expect(await verifyStored(db.pool, 'empty')).toMatchObject({ ok: true, entries: 0 });
  await log.close();
});
