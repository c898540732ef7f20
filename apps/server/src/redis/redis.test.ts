import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasRedis, NO_REDIS, type RedisServer, startRedisServer } from '../../../../tests/support/redis-server.ts';
import { hashApiKey } from '../access/api-key.ts';
import { createAuthenticator } from '../access/authenticate.ts';
import { sharedPrincipals } from '../access/shared-principals.ts';
import { insuredCounters } from '../limits/insured-counters.ts';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { RedisAway } from './redis-away.ts';
import { SharedRedis } from './shared-redis.ts';
import { SignedChannels } from './signed-channels.ts';
import { Signer } from './signer.ts';

const redisHere = hasRedis();
if (!redisHere) console.warn(NO_REDIS);

it.runIf(process.env.CI)('finds a Redis in CI', () => {
  expect(redisHere).toBe(true);
});

const log = pino({ level: 'silent' });
const secret = randomBytes(32);
const PREFIX = 'aaas:test:';

describe.skipIf(!redisHere)('a shared Redis', () => {
  let server: RedisServer;
  let database: TestDatabase;
  let intruder: Redis;
  const opened: SharedRedis[] = [];
  beforeAll(async () => {
    server = await startRedisServer();
    database = await startTestDatabase();
    intruder = new Redis(server.url, { maxRetriesPerRequest: 0 });
    intruder.on('error', () => {});
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((redis) => redis.close()));
  });
  afterAll(async () => {
    intruder?.disconnect();
    await database?.close();
    await server?.close();
  });

  async function openNode(nodeId: string): Promise<SharedRedis> {
    const metrics = { redisFailed: () => {} };
    const redis = await SharedRedis.open({ url: server.url, prefix: PREFIX, nodeId, log, metrics });
    opened.push(redis);
    return redis;
  }

  describe('of principals', () => {
    /** What one key is to the database, which counts how often it is asked. */
    function openAccess(redis: SharedRedis, signer = new Signer(secret)) {
      const row: Record<string, unknown> = {
        keyId: 'apikey_1',
        workspaceId: 'wrkspc_default',
        scopes: ['agents:read'],
        test: false,
        hash: hashApiKey(KEY),
        expiresAt: null,
      };
      const asked = { times: 0, rows: [row] };
      const pool = {
        query: async () => {
          asked.times += 1;
          return { rows: asked.rows };
        },
      };
      return { asked, ...createAuthenticator(pool as never, () => {}, sharedPrincipals(redis, signer)) };
    }
    const KEY = 'aaas_a-key-that-nobody-guesses';
    const entryName = async () => (await intruder.keys(`${PREFIX}key:*`)).find(() => true) as string;

    it('spares the other nodes the question, until one says that keys have changed', async () => {
      await intruder.flushall();
      const [a, b] = [openAccess(await openNode('node_a')), openAccess(await openNode('node_b'))];
      expect(await a.authenticate(KEY)).toMatchObject({ keyId: 'apikey_1', scopes: ['agents:read'] });
      await expect.poll(entryName).toBeTruthy();
      expect(await b.authenticate(KEY)).toMatchObject({ keyId: 'apikey_1' });
      expect([a.asked.times, b.asked.times]).toEqual([1, 0]);
      b.asked.rows = [];
      a.forget();
      // As it is on a node that has heard of it, or whose own memory has ended.
      const c = openAccess(await openNode('node_c'));
      c.asked.rows = [];
      expect(await c.authenticate(KEY)).toBe(null);
      expect(c.asked.times).toBe(1);
    });

    it('does not keep what was asked before keys changed and answered after', async () => {
      await intruder.flushall();
      const [a, b] = [await openNode('node_a'), await openNode('node_b')];
      const shared = sharedPrincipals(a, new Signer(secret));
      const { epoch } = await shared.find(hashApiKey(KEY));
      sharedPrincipals(b, new Signer(secret)).forget();
      const principal = { keyId: 'apikey_1', workspaceId: 'w', scopes: [], test: false };
      await expect.poll(() => intruder.get(`${PREFIX}keys`)).not.toBe(epoch);
      shared.put(hashApiKey(KEY), { principal, expiresAt: 1e15 }, epoch as string, Date.now());
      await expect.poll(entryName).toBeTruthy();
      expect((await shared.find(hashApiKey(KEY))).known).toBe(null);
    });

    it('holds no secret, and what somebody else writes there opens nothing', async () => {
      await intruder.flushall();
      const redis = await openNode('node_a');
      await openAccess(redis).authenticate(KEY);
      await expect.poll(entryName).toBeTruthy();
      const name = await entryName();
      const value = (await intruder.get(name)) as string;
      const hash = hashApiKey(KEY);
      for (const text of [KEY, hash.toString('hex'), hash.toString('base64'), hash.toString('base64url')])
        expect(`${name} ${value}`).not.toContain(text);
      const found = async () => (await sharedPrincipals(redis, new Signer(secret)).find(hash)).known;
      expect(await found()).not.toBe(null);
      // More rights, a longer life.
      for (const [from, to] of [
        ['agents:read', '*'],
        ['"valid_until":', '"valid_until":9'],
      ] as const) {
        await intruder.set(name, value.replace(from, to));
        expect(await found()).toBe(null);
      }
      // The entry of another key, and one that is signed with another secret.
      await intruder.set(name, value);
      const other = hashApiKey('aaas_another-key-that-is-unknown');
      const otherName = `${PREFIX}key:${new Signer(secret).sign(other.toString('base64'), 'names of principals')}`;
      await intruder.set(otherName, value);
      expect((await sharedPrincipals(redis, new Signer(secret)).find(other)).known).toBe(null);
      expect((await sharedPrincipals(redis, new Signer(randomBytes(32))).find(hash)).known).toBe(null);
      expect(await found()).not.toBe(null);
    });
  });

  it('hears on its channels what nodes say, and nothing else', async () => {
    const [a, b] = [await openNode('node_a'), await openNode('node_b')];
    const heard: string[] = [];
    await new SignedChannels(b, new Signer(secret)).subscribe(['one', 'two'], (text, channel) =>
      heard.push(`${channel} ${text}`),
    );
    const signed: string[] = [];
    const ear = intruder.duplicate();
    await ear.subscribe(`${PREFIX}one`);
    ear.on('message', (_, message) => signed.push(message));
    expect(await new SignedChannels(a, new Signer(secret)).publish([{ channel: 'one', text: 'real' }])).toEqual([2]);
    await expect.poll(() => signed).toHaveLength(1);
    await intruder.publish(`${PREFIX}one`, 'forged');
    await intruder.publish(`${PREFIX}two`, signed[0] as string);
    await new SignedChannels(a, new Signer(randomBytes(32))).publish([{ channel: 'one', text: 'of strangers' }]);
    await new SignedChannels(a, new Signer(secret)).publish([{ channel: 'two', text: 'last' }]);
    await expect.poll(() => heard).toEqual(['one real', 'two last']);
    ear.disconnect();
  });

  it('is told by a node for which one command failed that this node does not hear any more', async () => {
    const [a, b] = [await openNode('node_a'), await openNode('node_b')];
    const channels = [a, b].map((redis) => new SignedChannels(redis, new Signer(secret)));
    for (const one of channels) await one.subscribe(['hints'], () => {});
    const say = async () => (await channels[0]?.publish([{ channel: 'hints', text: 'deleted' }]))?.[0];
    expect(await say()).toBe(2);
    await expect(b.run((redis) => redis.lpush(`${PREFIX}probe:node_b`, 'of another type'))).rejects.toThrow(RedisAway);
    // Long before it is back: until then what is said goes through the database.
    await expect.poll(say, { timeout: 700 }).toBe(1);
    expect(b.healthy).toBe(false);
    await expect.poll(() => b.healthy, { timeout: 10_000 }).toBe(true);
  });

  it('is asked by nobody while it hangs, and counts go on in the database and back', async () => {
    const [a, b] = [await openNode('node_a'), await openNode('node_b')];
    const counters = [a, b].map((redis) => insuredCounters(redis, database.pool, log));
    const count = async (n: number) => {
      let last = null;
      for (let i = 0; i < n; i++) last = await counters[i % 2]?.count('test', 'k', 60);
      return last?.used;
    };
    expect(await count(20)).toBe(20);
    server.freeze();
    const started = performance.now();
    // The two notice it one after the other: what the first has counted since may hide behind what the second knew.
    const held = (await count(10)) as number;
    expect([29, 30]).toContain(held);
    expect(performance.now() - started).toBeLessThan(1_500);
    await expect(a.run((redis) => redis.ping())).rejects.toThrow(RedisAway);
    await server.kill();
    await server.start();
    await expect.poll(() => a.healthy && b.healthy, { timeout: 20_000 }).toBe(true);
    await expect
      .poll(() => intruder.get(`${PREFIX}limit:test:k`).catch(() => null), { timeout: 5_000 })
      .toBe(String(held));
    expect(await count(2)).toBe(held + 2);
    expect((await database.pool.query('select points from rate_limit_counters')).rows).toEqual([{ points: held }]);
  });
});
