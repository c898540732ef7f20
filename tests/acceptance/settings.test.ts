import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envExample } from '../../scripts/env-example.ts';
import { type Platform, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';

const bin = systemPostgres();
/** Within this a change on one node must hold on another. */
const IN_FORCE_MS = 2_000;

it('has an example of every setting that says what the schema says', () => {
  const written = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
  expect(written, 'run: node scripts/write-env-example.ts').toBe(envExample());
});

it.runIf(process.env.CI)('finds a system PostgreSQL in CI', () => {
  expect(bin).not.toBeNull();
});

describe.skipIf(!bin)('two nodes on one PostgreSQL', () => {
  let server: PostgresServer;
  let a: Platform;
  let b: Platform;
  beforeAll(async () => {
    server = await startPostgresServer(bin as string);
    const env = { DATABASE_URL: server.url, API_KEY: 'aaas_settings-test-admin-key', DRAIN_TIMEOUT: '7' };
    a = await startPlatform({ ...env, MAX_AGENT: 'not-a-number' });
    b = await startPlatform(env);
  });
  afterAll(async () => {
    await a?.dispose();
    await b?.dispose();
    await server?.close();
  });

  const setting = async (node: Platform, name: string) =>
    (await node.json('GET', '/api/v1/settings')).data.find((entry: { name: string }) => entry.name === name);
  const change = (node: Platform, changes: Record<string, unknown>) =>
    node.request('PATCH', '/api/v1/settings', changes);

  it('a change on one is in force on the other: an idle agent there falls asleep', async () => {
    expect(await setting(b, 'AGENT_IDLE_TIMEOUT')).toMatchObject({ value: 300, source: 'default', live: true });
    const agent = await b.deploy();
    await b.json('POST', `/api/v1/agents/${agent}/messages`, { message: 'hello' });
    expect((await change(a, { AGENT_IDLE_TIMEOUT: 1 })).status).toBe(200);
    expect(await setting(a, 'AGENT_IDLE_TIMEOUT')).toMatchObject({ value: 1, source: 'live' });
    await until(async () => (await setting(b, 'AGENT_IDLE_TIMEOUT')).value === 1, IN_FORCE_MS);
    await until(async () => (await b.json('GET', `/api/v1/agents/${agent}`)).status === 'hibernated');
    expect(await b.json('GET', `/api/v1/agents/${agent}`)).toMatchObject({ status_reason: 'idle_timeout', pid: null });
    const { response } = await b.json('POST', `/api/v1/agents/${agent}/messages`, { message: 'awake?' });
    expect(response).toBe('Simulated reply 2: awake?');
    await change(b, { AGENT_IDLE_TIMEOUT: null });
    await until(async () => (await setting(a, 'AGENT_IDLE_TIMEOUT')).value === 300, IN_FORCE_MS);
  });

  it('a bad change is 422, says where it is bad, and changes nothing anywhere', async () => {
    const bad: [Record<string, unknown>, string][] = [
      [{ AGENT_IDLE_TIMEOUT: 0 }, 'AGENT_IDLE_TIMEOUT'],
      [{ AGENT_TIMEOUT: 77, DRAIN_TIMEOUT: 'soon' }, 'DRAIN_TIMEOUT'],
      [{ AGENT_TIMEOUT: 77, LOG_LEVEL: '' }, 'LOG_LEVEL'],
      [{ AGENT_TIMEOUT: 77, PORT: 1234 }, 'PORT'],
      [{ AGENT_TIMEOUT: 77, IDLE: 1 }, 'IDLE'],
    ];
    for (const [changes, field] of bad) {
      const refused = await change(a, changes);
      expect(refused.status).toBe(422);
      expect(((await refused.json()) as { errors: unknown[] }).errors).toMatchObject([{ field }]);
    }
    // Whatever had been written would have come over together with this.
    expect((await change(a, { START_TIMEOUT: 61 })).status).toBe(200);
    await until(async () => (await setting(b, 'START_TIMEOUT')).value === 61, IN_FORCE_MS);
    for (const node of [a, b]) {
      const { data } = await node.json('GET', '/api/v1/settings');
      expect(data.filter((entry: { source: string }) => entry.source === 'live')).toMatchObject([{ value: 61 }]);
    }
  });

  it('a change is stronger than the environment, survives the node and can be taken back', async () => {
    await change(a, { DRAIN_TIMEOUT: 9 });
    await b.stop();
    await b.start();
    expect(await setting(b, 'DRAIN_TIMEOUT')).toMatchObject({ value: 9, source: 'live', default: 30 });
    await change(b, { DRAIN_TIMEOUT: null });
    expect(await setting(b, 'DRAIN_TIMEOUT')).toMatchObject({ value: 7, source: 'environment', updated_by: null });
  });

  it('warns at its start of a variable that is misspelt, without its value', () => {
    expect(a.output()).toContain('MAX_AGENT is no setting: did you mean MAX_AGENTS?');
    expect(a.output()).not.toContain('not-a-number');
    expect(b.output()).not.toContain('is no setting');
  });

  it('shows no secret', async () => {
    expect(await setting(a, 'DATABASE_URL')).toMatchObject({ value: '[set]', source: 'environment', secret: true });
    expect(JSON.stringify(await a.json('GET', '/api/v1/settings'))).not.toContain('admin-key');
  });
});
