import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';
import { hasRedis, NO_REDIS, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { type Frame, framesOf } from '../support/sse.ts';

const bin = systemPostgres();
const redisHere = hasRedis();
if (!bin) console.warn('skipped: no system PostgreSQL under /usr/lib/postgresql; install the package postgresql');
if (!redisHere) console.warn(NO_REDIS);

it.runIf(process.env.CI)('finds a system PostgreSQL and a Redis in CI', () => {
  expect([bin !== null, redisHere]).toEqual([true, true]);
});

const AGENTS = '/api/v1/agents';
const LIMIT = 60;

describe.skipIf(!bin || !redisHere)('two nodes that share a Redis', () => {
  let server: PostgresServer;
  let redis: RedisServer;
  let a: Platform;
  let b: Platform;
  const seen: number[] = [];
  beforeAll(async () => {
    server = await startPostgresServer(bin as string);
    redis = await startRedisServer({ password: 'a:strange/pass%word' });
    const env = {
      DATABASE_URL: server.url,
      REDIS_URL: redis.url,
      API_KEY: 'aaas_redis-test-admin-key',
      RATE_LIMIT_ENABLED: 'true',
      RATE_LIMIT_PER_MINUTE: String(LIMIT),
      RATE_LIMIT_WORKSPACE_FACTOR: '1000',
      MAX_AGENTS: '4',
    };
    a = await startPlatform(env);
    b = await startPlatform({ ...env });
  });
  afterAll(async () => {
    await b?.dispose();
    await a?.dispose();
    await redis?.close();
    await server?.close();
    expect(seen.filter((status) => status >= 500)).toEqual([]);
  });

  const newKey = async () => (await a.json('POST', '/api/v1/keys', { name: 'test' })).key as string;
  const ask = async (node: Platform, key: string) => {
    const { status } = await node.request('GET', AGENTS, undefined, { 'x-api-key': key });
    seen.push(status);
    return status;
  };
  const askInTurn = async (key: string, times: number) => {
    const statuses: number[] = [];
    for (let n = 0; n < times; n++) statuses.push(await ask(n % 2 ? a : b, key));
    return statuses;
  };
  const untilRedisIs = (state: string) =>
    until(async () => {
      const states = await Promise.all([a, b].map((node) => node.json('GET', '/health')));
      return states.every(({ redis }) => redis === state);
    });

  it('hold one limit: the 61st request over both is 429', async () => {
    await untilRedisIs('ok');
    const key = await newKey();
    expect(await askInTurn(key, LIMIT)).toEqual(Array(LIMIT).fill(200));
    expect([await ask(a, key), await ask(b, key)]).toEqual([429, 429]);
  });

  it('hold it while Redis is killed and comes back between', async () => {
    const key = await newKey();
    expect(await askInTurn(key, 25)).toEqual(Array(25).fill(200));
    await redis.kill();
    const started = performance.now();
    expect(await askInTurn(key, 15)).toEqual(Array(15).fill(200));
    expect(performance.now() - started).toBeLessThan(3_000);
    await untilRedisIs('unreachable');
    await redis.start();
    await untilRedisIs('ok');
    expect(await askInTurn(key, LIMIT - 40)).toEqual(Array(LIMIT - 40).fill(200));
    expect([await ask(a, key), await ask(b, key)]).toEqual([429, 429]);
  });
});
