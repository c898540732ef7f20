import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';
import { framesOf } from '../support/sse.ts';

const bin = systemPostgres();
if (!bin) console.warn('skipped: no system PostgreSQL under /usr/lib/postgresql; install the package postgresql');

it.runIf(process.env.CI)('finds a system PostgreSQL in CI', () => {
  expect(bin).not.toBeNull();
});

describe.skipIf(!bin)('two nodes on one PostgreSQL', () => {
  let server: PostgresServer;
  let owner: Platform;
  let other: Platform;
  let agent: string;
  beforeAll(async () => {
    server = await startPostgresServer(bin as string);
    const env = { DATABASE_URL: server.url, API_KEY: 'aaas_two-nodes-test-admin-key' };
    owner = await startPlatform(env);
    agent = await owner.deploy();
    await owner.json('POST', `/api/v1/agents/${agent}/messages`, { message: 'one' });
    other = await startPlatform(env);
  });
  afterAll(async () => {
    await other?.dispose();
    await owner?.dispose();
    await server?.close();
  });

  it('a message sent to the node that does not own the agent is answered by its process', async () => {
    const pid = (await owner.json('GET', `/api/v1/agents/${agent}`)).pid;
    for (let n = 2; n <= 6; n++) {
      const answer = await other.json('POST', `/api/v1/agents/${agent}/messages`, { message: 'hi' });
      expect(answer.response).toBe(`Simulated reply ${n}: hi`);
    }
    expect((await other.json('GET', `/api/v1/agents/${agent}`)).pid).toBe(pid);
  });

  it('a stream on one node shows each event of a session that the other owns, once and in order', async () => {
    const closing = new AbortController();
    const response = await fetch(`${other.url}/api/v1/agents/${agent}/events/stream?after=0`, {
      headers: { 'x-api-key': other.key },
      signal: closing.signal,
    });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const event of framesOf(response)) if (event.id) seen.push(Number(event.id));
    })().catch(() => {});
    const message = script([{ tool: 'Bash', input: { command: 'echo works' } }, { text: '{{tool_result}}' }]);
    expect((await owner.json('POST', `/api/v1/agents/${agent}/messages`, { message })).response).toBe('works');
    const last = (await owner.json('GET', `/api/v1/agents/${agent}/events?limit=1000`)).data.at(-1).seq;
    await until(() => seen.at(-1) === last);
    expect(seen).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    closing.abort();
    await reading;
  });

  it('a key that one node revokes is refused by the other within two seconds', async () => {
    const made = await owner.json('POST', '/api/v1/keys', { name: 'shared' });
    const statusOn = async (node: Platform) =>
      (await node.request('GET', '/api/v1/agents', undefined, { 'x-api-key': made.key })).status;
    expect([await statusOn(owner), await statusOn(other)]).toEqual([200, 200]);
    await owner.json('DELETE', `/api/v1/keys/${made.id}`);
    const revokedAt = Date.now();
    expect(await statusOn(owner)).toBe(401);
    await until(async () => (await statusOn(other)) === 401);
    expect(Date.now() - revokedAt).toBeLessThan(2_000);
  });

  it('goes on from the log alone when the connection of the hints is cut', async () => {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query ~* '^(listen|select pg_notify)'`,
    );
    await client.end();
    const answer = await other.json('POST', `/api/v1/agents/${agent}/messages`, { message: 'still there?' });
    expect(answer.response).toContain('still there?');
  });
});
