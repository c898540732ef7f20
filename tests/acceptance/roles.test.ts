import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';

const bin = systemPostgres();
if (!bin) console.warn('skipped: no system PostgreSQL under /usr/lib/postgresql; install the package postgresql');

const PROVIDER_KEY = 'sk-ant-provider-key-of-the-gateway-alone';

describe.skipIf(!bin)('an API node, two workers and two gateways on one PostgreSQL', () => {
  let server: PostgresServer;
  let api: Platform;
  const workers: Platform[] = [];
  const gateways: Platform[] = [];
  let agent: string;

  beforeAll(async () => {
    server = await startPostgresServer(bin as string);
    const env = { DATABASE_URL: server.url, LEASE_TTL: '4', LEASE_MARGIN: '1' };
    api = await startPlatform({ ...env, ROLES: 'api', API_KEY: 'aaas_roles-test-admin-key' });
    // The key is not used: test side requests never leave, and the upstream is the simulator.
    const UPSTREAMS = JSON.stringify([{ name: 'simulator', simulator: true }]);
    const gateway = () => startPlatform({ ...env, ROLES: 'gateway', UPSTREAMS, PLANTED: PROVIDER_KEY });
    const worker = () => startPlatform({ ...env, ROLES: 'worker' });
    const started = await Promise.all([gateway(), gateway(), worker(), worker()]);
    gateways.push(...started.splice(0, 2));
    workers.push(...started);
    agent = await api.deploy();
  }, 120_000);
  afterAll(async () => {
    await Promise.all([...workers, ...gateways, api].map((node) => node?.dispose()));
    await server?.close();
  });

  const say = async (message: string) =>
    (await api.json('POST', `/api/v1/agents/${agent}/messages`, { message })).response;
  const ownerOf = async () => {
    const { node } = await api.json('GET', `/api/v1/agents/${agent}`);
    return workers.find(({ dataDir }) => readFileSync(join(dataDir, 'node.id'), 'utf8').trim() === node) as Platform;
  };

  it('shows each node with its role and address', async () => {
    const { nodes } = await api.json('GET', '/api/v1/fleet');
    expect(nodes.map(({ roles }: { roles: string[] }) => roles.join()).sort()).toEqual([
      'api',
      'gateway',
      'gateway',
      'worker',
      'worker',
    ]);
    for (const node of nodes) {
      expect(node.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(node.capacity > 0).toBe(node.roles.includes('worker'));
    }
    expect(await api.json('GET', '/health')).toMatchObject({ roles: ['api'], simulated: true, agents: { max: 0 } });
    const models = await api.json('GET', '/api/v1/models');
    expect(models.data.length).toBeGreaterThan(0);
    // A worker is no way in to the API.
    expect((await fetch(`${workers[0]?.url}/api/v1/agents`)).status).toBe(404);
    expect((await fetch(`${workers[0]?.url}/health/ready`)).status).toBe(200);
  });

  it('answers messages, with the model asked by a gateway', async () => {
    expect(await say('one')).toBe('Simulated reply 1: one');
    expect(
      await say(
        script([{ tool: 'Bash', input: { command: 'echo made > made.txt; echo ok' } }, { text: '{{tool_result}}' }]),
      ),
    ).toBe('ok');
    const usage = await api.json('GET', `/api/v1/usage?group_by=agent`);
    expect(JSON.stringify(usage)).toContain(agent);
  });

  it('reads, writes and packs files of the node where they lie', async () => {
    const files = `/api/v1/agents/${agent}/files`;
    expect(await (await api.request('GET', `${files}/made.txt`)).text()).toBe('made\n');
    const put = (path: string, body: string) =>
      fetch(`${api.url}${files}/${path}`, {
        method: 'PUT',
        body,
        headers: { 'x-api-key': api.key, 'content-type': 'text/plain' },
      });
    const large = 'x'.repeat(3_000_000);
    expect((await put('a%20b/large.txt', large)).status, api.output()).toBe(201);
    expect((await (await api.request('GET', `${files}/a%20b/large.txt`)).text()).length).toBe(large.length);
    expect((await api.request('POST', `${files}/move`, { from: 'a b/large.txt', to: 'moved.txt' })).status).toBe(200);
    const listed = await api.json('GET', files);
    expect(JSON.stringify(listed)).toContain('moved.txt');
    expect((await api.request('GET', `${files}/missing.txt`)).status).toBe(404);
    expect((await api.request('GET', `${files}/..%2f..%2fx`)).status).toBeLessThan(500);
    expect((await api.request('DELETE', `${files}/moved.txt`)).status).toBeLessThan(300);
    const archive = await api.request('GET', `/api/v1/agents/${agent}/export`);
    expect(archive.status).toBe(200);
    const bytes = Buffer.from(await archive.arrayBuffer());
    const imported = await fetch(`${api.url}/api/v1/agents/import`, {
      method: 'POST',
      body: bytes,
      headers: { 'x-api-key': api.key, 'content-type': 'application/gzip' },
    });
    expect(imported.status, workers.map((worker) => worker.output()).join('')).toBe(201);
    const { agent_id: copy } = (await imported.json()) as { agent_id: string };
    expect(await (await api.request('GET', `/api/v1/agents/${copy}/files/made.txt`)).text()).toBe('made\n');
    // The files are on a worker's disk and on no other.
    expect(existsSync(join(api.dataDir, 'sessions'))).toBe(false);
  });

  it('lets nobody in who does not sign as a node', async () => {
    const { nodes } = await api.json('GET', '/api/v1/fleet');
    for (const { address } of nodes) {
      for (const path of ['/directories/api/v1/agents/x/files', '/gateway/v1/models', '/models?workspace=x', '/']) {
        expect((await fetch(`${address}${path}`, { headers: { 'x-api-key': api.key } })).status).toBe(401);
      }
    }
  });

  it('goes on when the gateway that answers is killed, before its first word and after', async () => {
    const [first, second] = gateways as [Platform, Platform];
    const answer = say(script([{ wait_ms: 1_500 }, { text: 'after a pause' }]));
    await until(async () => (await ownerOf()) !== undefined);
    await first.crash();
    expect(await answer).toBe('after a pause');
    expect(await say('without the first')).toContain('without the first');
    await first.start();
    await second.crash();
    expect(await say('without the second')).toContain('without the second');
    await second.start();
  });

  it('lets a gateway that is stopped finish its answers', async () => {
    const [first, second] = gateways as [Platform, Platform];
    await second.stop();
    const asked = await countRequests();
    const answer = say(script([{ wait_ms: 4_000 }, { text: 'said to the end' }]));
    await until(async () => (await api.json('GET', `/api/v1/agents/${agent}`)).status === 'running');
    await sleep(500);
    const stopped = first.stop();
    expect(await answer).toBe('said to the end');
    expect(await stopped).toBe(0);
    await Promise.all([first.start(), second.start()]);
    // One that was cut off would have been asked again.
    expect(await countRequests()).toBe(asked + 1);
  });

  it('answers on the other worker when the one that has the agent is killed', async () => {
    const owner = await ownerOf();
    const answer = say(script([{ wait_ms: 1_500 }, { text: 'elsewhere' }]));
    await until(async () => (await api.json('GET', `/api/v1/agents/${agent}`)).status === 'running');
    await owner.crash();
    expect(await answer).toBe('elsewhere');
    expect((await ownerOf()).pid === owner.pid).toBe(false);
    await owner.start();
  });

  async function countRequests(): Promise<number> {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return (await client.query('select count(*)::int as n from model_requests')).rows[0].n;
    } finally {
      await client.end();
    }
  }

  it('runs background jobs where the API is, and nowhere else', async () => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      const { rows } = await client.query(
        `select count(*)::int as n from pg_stat_activity where application_name like 'aaas jobs%'`,
      );
      // Three and one that listens, of one node.
      expect(rows[0].n).toBeGreaterThan(0);
      expect(rows[0].n).toBeLessThanOrEqual(4);
    } finally {
      await client.end();
    }
  });

  it('holds no key of a provider or of the platform near agents', async () => {
    for (const { pid } of workers) {
      const environ = readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(environ).not.toMatch(/UPSTREAMS|ANTHROPIC|API_KEY=/);
    }
    for (const { dataDir } of [...workers, ...gateways]) expect(existsSync(join(dataDir, 'admin.key'))).toBe(false);
  });
});
