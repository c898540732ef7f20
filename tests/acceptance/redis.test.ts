import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';
import { hasRedis, NO_REDIS, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { collectFrames, type Frame, framesOf } from '../support/sse.ts';

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
    // It has no agents of its own.
    b = await startPlatform({ ...env, ROLES: 'api' });
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

  describe('a stream on one of a session of the other', () => {
    // One piece each 20 ms or so: some six seconds of them.
    const WORDS = Array.from({ length: 180 }, (_, n) => `word-${n} `).join('');
    let agent: string;
    beforeAll(async () => {
      agent = await a.deploy();
      await a.json('POST', `${AGENTS}/${agent}/messages`, { message: 'one' });
    });

    /** What the stream shows of a turn that writes all the words, while `during` happens after some of them. */
    async function follow(during: (frames: Frame[]) => Promise<void>): Promise<Frame[]> {
      const closing = new AbortController();
      const response = await fetch(`${b.url}${AGENTS}/${agent}/events/stream`, {
        headers: { 'x-api-key': b.key },
        signal: closing.signal,
      });
      const frames: Frame[] = [];
      const reading = (async () => {
        for await (const frame of framesOf(response)) frames.push(frame);
      })().catch(() => {});
      const message = script([{ tokens_per_second: 60 }, { text: WORDS }]);
      await a.json('POST', `${AGENTS}/${agent}/messages`, { message }, { prefer: 'respond-async' });
      await until(() => textOf(frames).includes('word-20 '));
      await during(frames);
      await until(() => frames.some(({ event }) => event === 'session.status_idle'), 20_000);
      const log = (await a.json('GET', `${AGENTS}/${agent}/events?limit=1000`)).data;
      await until(() => frames.findLast(({ id }) => id)?.id === String(log.at(-1).seq));
      closing.abort();
      await reading;
      const ids = frames.flatMap(({ id }) => id ?? []).map(Number);
      expect(ids).toEqual(ids.map((_, n) => (ids[0] as number) + n));
      return frames;
    }
    const textOf = (frames: Frame[]) =>
      frames.map(({ event, data }) => (event === 'event_delta' ? data.delta.content.text : '')).join('');
    const cameBy = async () => {
      const answer = await b.request('GET', '/metrics');
      const text = await answer.text();
      return Object.fromEntries(
        ['redis', 'node', 'log'].map((via) => [
          via,
          Number(new RegExp(`aaas_followed_sessions\\{via="${via}"\\} (\\d+)`).exec(text)?.[1]),
        ]),
      );
    };

    it('shows all that is written, and misses no event, while Redis is killed and comes back', async () => {
      await untilRedisIs('ok');
      const frames = await follow(async (frames) => {
        expect(await cameBy()).toEqual({ redis: 1, node: 0, log: 0 });
        await redis.kill();
        await until(async () => (await cameBy()).node === 1);
        const before = textOf(frames).length;
        await until(() => textOf(frames).length > before + 100);
        await redis.start();
        await until(async () => (await cameBy()).redis === 1);
      });
      expect(textOf(frames)).toBe(WORDS);
      expect(frames.some(({ event }) => event === 'agent.message')).toBe(true);
    });

    it('shows the whole first turn of a new agent', async () => {
      await untilRedisIs('ok');
      const id = await b.deploy();
      const message = script([{ tokens_per_second: 500 }, { text: WORDS }]);
      const response = await b.request(
        'POST',
        `${AGENTS}/${id}/messages`,
        { message },
        { accept: 'text/event-stream' },
      );
      const frames = await collectFrames(response);
      expect(textOf(frames)).toBe(WORDS);
      expect(frames.at(-1)).toMatchObject({ event: 'x.turn', data: { turn: { state: 'completed' } } });
    });
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

  it('refuse a revoked key at once on both', async () => {
    await untilRedisIs('ok');
    const { id, key } = await a.json('POST', '/api/v1/keys', { name: 'test' });
    expect([await ask(a, key), await ask(b, key)]).toEqual([200, 200]);
    await a.json('DELETE', `/api/v1/keys/${id}`);
    expect(await ask(a, key)).toBe(401);
    await until(async () => (await ask(b, key)) === 401, 500);
  });

  it('wait for a Redis that hangs no longer than for one command', async () => {
    const key = await newKey();
    redis.freeze();
    const started = performance.now();
    expect(await askInTurn(key, 10)).toEqual(Array(10).fill(200));
    expect(performance.now() - started).toBeLessThan(2_000);
    redis.thaw();
  });
});
