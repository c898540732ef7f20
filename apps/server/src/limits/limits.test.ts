import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { AttemptGuard } from './attempt-guard.ts';
import { clientNetwork } from './client-network.ts';
import { postgresCounters } from './counters.ts';
import { claimRequest, type KeyedRequest } from './idempotency/claim-request.ts';
import { seal, unseal } from './idempotency/seal.ts';
import { releaseRequest, renewLeases, storeAnswer } from './idempotency/settle-request.ts';
import { purgeExpired } from './janitor.ts';
import type { Limit } from './limits-of.ts';
import { RateLimiter } from './rate-limiter.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.close());

const newLimiter = () => new RateLimiter(postgresCounters(db.pool), pino({ level: 'silent' }), createMetrics());
const limit = (of: 'key' | 'workspace', subject: string, points: number): Limit => ({
  policy: `test-${of}`,
  of,
  subject,
  points,
  setting: 'RATE_LIMIT_PER_MINUTE',
});

describe('a limit', () => {
  it('lets through exactly its points, of whatever processes count at once, and holds its other limits harmless', async () => {
    const limiters = [1, 2, 3].map(() => newLimiter());
    const limits = [limit('key', 'k1', 60), limit('workspace', 'w1', 500)];
    const counted = await Promise.all(Array.from({ length: 300 }, (_, n) => limiters[n % 3]?.count(limits)));
    const passed = counted.filter((limits) => limits?.every(({ allowed }) => allowed));
    expect(passed).toHaveLength(60);
    await expect
      .poll(() => db.pool.query(`select points from rate_limit_counters where key = 'test-workspace:w1'`))
      .toMatchObject({ rows: [{ points: 60 }] });
    // A higher limit counts on from where it is.
    const raised = await limiters[0]?.count([limit('key', 'k1', 1_000)]);
    expect(raised?.[0]?.allowed).toBe(true);
  });

  it('is full again in the next window', async () => {
    const limiter = newLimiter();
    const limits = [limit('key', 'k2', 1)];
    await limiter.count(limits);
    const [refused] = await limiter.count(limits);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused?.resetMs).toBeGreaterThan(50_000);
    await db.pool.query(`update rate_limit_counters set expire = 1 where key = 'test-key:k2'`);
    const other = newLimiter();
    expect((await other.count(limits))[0]?.allowed).toBe(true);
  });
});

describe('a claim', () => {
  const request = (): KeyedRequest => ({
    workspaceId: 'w',
    keyId: 'k',
    idempotencyKey: randomBytes(8).toString('hex'),
    requestHash: randomBytes(32),
  });
  const claimed = async (asked: KeyedRequest) => {
    const claim = await claimRequest(db.pool, asked);
    if (claim.kind !== 'first') throw new Error(`it is ${claim.kind}`);
    return claim.attempt;
  };
  const endLeases = () =>
    db.pool.query(`update idempotency_requests set lease_until = now() - interval '1 s' where lease_until is not null`);

  it('is given to one of many', async () => {
    const asked = request();
    const claims = await Promise.all(Array.from({ length: 20 }, () => claimRequest(db.pool, asked)));
    expect(claims.filter(({ kind }) => kind === 'first')).toHaveLength(1);
    expect(claims.filter(({ kind }) => kind === 'running')).toHaveLength(19);
  });

  it('passes to another when its lease ends, and then the first can settle nothing any more', async () => {
    const asked = request();
    const first = await claimed(asked);
    await endLeases();
    await renewLeases(db.pool, [first]);
    expect((await claimRequest(db.pool, asked)).kind).toBe('running');
    await endLeases();
    expect((await claimRequest(db.pool, { ...asked, requestHash: randomBytes(32) })).kind).toBe('mismatch');
    const second = await claimed(asked);
    await releaseRequest(db.pool, first);
    await storeAnswer(db.pool, first, { status: 200, headers: {}, sealed: Buffer.from('first') });
    await storeAnswer(db.pool, second, { status: 201, headers: { a: 'b' }, sealed: Buffer.from('second') });
    await releaseRequest(db.pool, second);
    expect(await claimRequest(db.pool, asked)).toEqual({
      kind: 'answered',
      answer: { status: 201, headers: { a: 'b' }, sealed: Buffer.from('second') },
    });
  });

  it('is forgotten after its day, purged or not', async () => {
    const asked = request();
    await storeAnswer(db.pool, await claimed(asked), { status: 200, headers: {}, sealed: null });
    await db.pool.query('update idempotency_requests set expires_at = now()');
    expect((await claimRequest(db.pool, { ...asked, requestHash: randomBytes(32) })).kind).toBe('first');
    await db.pool.query(
      'update idempotency_requests set expires_at = now(); update rate_limit_counters set expire = 1',
    );
    await purgeExpired(db.pool);
    const { rows } = await db.pool.query(
      'select (select count(*) from idempotency_requests) + (select count(*) from rate_limit_counters) as left',
    );
    expect(rows).toEqual([{ left: 0 }]);
  });
});

it('opens a sealed answer for the same two keys alone', () => {
  const secret = { apiKey: 'aaas_1', idempotencyKey: 'k' };
  const sealed = seal(Buffer.from('a fresh secret'), secret);
  expect(unseal(sealed, secret).toString()).toBe('a fresh secret');
  expect(sealed.includes('fresh')).toBe(false);
  for (const other of [
    { ...secret, apiKey: 'aaas_2' },
    { ...secret, idempotencyKey: 'l' },
    { apiKey: 'aaas_1k', idempotencyKey: '' },
  ]) {
    expect(() => unseal(sealed, other)).toThrow();
  }
});

it('counts attempts by network', () => {
  expect(clientNetwork('192.0.2.7')).toBe('192.0.2.7');
  expect(clientNetwork('::ffff:192.0.2.7')).toBe('192.0.2.7');
  expect(clientNetwork('2001:db8:1:2:3::4')).toBe(clientNetwork('2001:db8:1:2:ffff::'));
  expect(clientNetwork(undefined)).toBe('unknown');
  const guard = new AttemptGuard();
  guard.succeeded('good');
  for (let n = 0; n < 5; n++) guard.failed('2001:db8::1', 'bad');
  expect(guard.refusedMs('2001:db8::2', 'new', 5)).toBeGreaterThan(0);
  expect(guard.refusedMs('2001:db8::2', 'new', 6)).toBe(0);
  expect(guard.refusedMs('2001:db8::2', 'good', 5)).toBe(0);
  expect(guard.refusedMs('192.0.2.7', 'new', 5)).toBe(0);
});
