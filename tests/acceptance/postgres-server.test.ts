import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Platform, startPlatform } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';

const bin = systemPostgres();

it.runIf(process.env.CI)('finds a system PostgreSQL in CI', () => {
  expect(bin).not.toBeNull();
});
if (!bin) console.warn('skipped: no system PostgreSQL under /usr/lib/postgresql; install the package postgresql');

describe.skipIf(!bin)('on a PostgreSQL server', () => {
  let server: PostgresServer;
  let platform: Platform;
  beforeAll(async () => {
    server = await startPostgresServer(bin as string);
    platform = await startPlatform({ DATABASE_URL: server.url });
  });
  afterAll(async () => {
    await platform?.dispose();
    await server?.close();
  });

  it('runs the same statements: a conversation survives the crash of the platform', async () => {
    const agent = await platform.deploy();
    const say = (message: string) => platform.json('POST', `/api/v1/agents/${agent}/messages`, { message });
    expect((await say('one')).response).toBe('Simulated reply 1: one');
    await platform.crash();
    await platform.start();
    expect((await say('two')).response).toBe('Simulated reply 2: two');
    expect((await platform.json('GET', `/api/v1/agents/${agent}`)).messages_count).toBe(2);
    const events = (await platform.json('GET', `/api/v1/agents/${agent}/events?limit=1000`)).data as { seq: number }[];
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  });
});
