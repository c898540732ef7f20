import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { script, until } from '../support/platform.ts';
import { processesOf } from '../support/processes.ts';
import { nobodyCanRun, type ServerProcess, takePort } from '../support/server-process.ts';
import { agentOn, deployOn, newSite, type Site } from '../support/site.ts';

it('is ready on an empty directory, says where everything is, and ends without a trace', async () => {
  await using site = await newSite();
  const began = performance.now();
  const server = await site.start();
  console.log(`ready on an empty directory after ${Math.round(performance.now() - began)} ms`);
  const keyFile = join(site.dataDir, 'admin.key');
  for (const part of [server.url, `${server.url}/docs`, site.dataDir, keyFile, site.key(), 'SIMULATED']) {
    expect(server.stdout()).toContain(part);
  }
  expect(await (await deployOn(server, site.key())).say('hello')).toBe('Simulated reply 1: hello');
  expect(processesOf(site.dataDir).length).toBeGreaterThan(0);
  server.signal('SIGINT');
  expect(await server.exited()).toEqual({ code: 0, signal: null });
  expect(processesOf(site.dataDir)).toEqual([]);
  expect(existsSync(join(site.dataDir, 'server.json'))).toBe(false);
  expect(server.stderr()).toBe('');
});

it('lets everybody in with REQUIRE_API_KEY=false in development, says so, and still heeds a key', async () => {
  await using site = await newSite();
  const server = await site.start({ ENVIRONMENT: 'development', REQUIRE_API_KEY: 'false' });
  expect(server.stdout()).toMatch(/Warning +REQUIRE_API_KEY is false/);
  for (const headers of [{}, { 'x-api-key': 'wrong' }]) {
    expect((await fetch(`${server.url}/api/v1/workspaces`, { headers })).status).toBe(200);
  }
  const { key } = await server.json('POST', '/api/v1/keys', site.key(), { name: 'test', test: true });
  expect(await server.json('GET', '/api/v1/workspaces/current', key)).toMatchObject({ test: true });
});

it('opens with another API_KEY after another start, and no longer with the one before', async () => {
  await using site = await newSite();
  const statuses = async (url: string, ...keys: string[]) =>
    Promise.all(keys.map(async (key) => (await fetch(`${url}/api/v1/keys`, { headers: { 'x-api-key': key } })).status));
  const [first, second] = ['the-first-of-two-keys', 'the-second-of-two-keys'];
  const before = await site.start({ API_KEY: first });
  expect(await statuses(before.url, first, second)).toEqual([200, 401]);
  before.signal('SIGINT');
  await before.exited();
  const after = await site.start({ API_KEY: second });
  expect(await statuses(after.url, first, second)).toEqual([401, 200]);
});

describe('refuses to start', () => {
  /** It ends by itself with one line that holds `names`, and leaves nothing behind. */
  async function refuses(site: Site, server: ServerProcess, ...names: string[]): Promise<void> {
    const { code } = await server.exited();
    const lines = server.stderr().trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    for (const name of names) expect(lines[0]).toContain(name);
    expect([code, server.stdout()]).toEqual([1, '']);
    expect(processesOf(site.parent)).toEqual([]);
  }

  it.concurrent.each([
    [{ ROLES: 'api,wroker' }, ['ROLES', 'api, worker and gateway']],
    [{ ROLES: 'worker' }, ['ROLES=worker', 'DATABASE_URL']],
    [
      { ROLES: 'worker', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', ANTHROPIC_API_KEY: 'sk-ant-x' },
      ['ANTHROPIC_API_KEY', 'ROLES=worker', 'gateway'],
    ],
    [
      { ROLES: 'worker,gateway', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', API_KEY: 'a-key-of-the-platform' },
      ['API_KEY', 'ROLES=worker,gateway'],
    ],
  ])('with roles that it cannot have: %j', async (env, names) => {
    await using site = await newSite();
    await refuses(site, await site.spawn(env as Record<string, string>), ...names);
  });

  it('on a port that is in use', async () => {
    await using site = await newSite();
    const { port, server: other } = await takePort();
    await refuses(site, await site.spawn({ PORT: String(port) }), 'PORT', String(port), 'in use');
    other.close();
    // It found out before it made a database.
    expect(existsSync(join(site.dataDir, 'postgres'))).toBe(false);
  });

  it.runIf(nobodyCanRun())('in a directory that it cannot write, or cannot make', async () => {
    await using site = await newSite();
    mkdirSync(site.dataDir, { mode: 0o755 });
    await refuses(site, await site.spawn({}, true), 'DATA_DIR', site.dataDir);
    const below = join(site.parent, 'no', 'way');
    await refuses(site, await site.spawn({ DATA_DIR: below }, true), 'DATA_DIR', below);
  });

  it('in a directory that is a file', async () => {
    await using site = await newSite();
    writeFileSync(site.dataDir, '');
    await refuses(site, await site.spawn(), 'DATA_DIR', site.dataDir);
  });

  it.runIf(existsSync('/proc/self'))('in a place where no directory can be made, not even by root', async () => {
    await using site = await newSite();
    await refuses(site, await site.spawn({ DATA_DIR: '/proc/no/way' }), 'DATA_DIR', '/proc/no/way');
  });

  it.concurrent.each([
    ['PORT', 'eighty'],
    ['PORT', '65536'],
    ['HOST', '192.0.2.1'],
    ['DATABASE_URL', 'mysql://root:hunter2@db/x'],
    ['DATABASE_URL', 'postgres://app:hunter2@127.0.0.1:1/x'],
    ['API_KEY', 'hunter2'],
    ['API_KEY_FILE', '/nowhere/at/all'],
    ['ANTHROPIC_BASE_URL', 'ftp://example.com'],
    ['ENVIRONMENT', 'prod'],
    ['MAX_AGENTS', '0'],
    ['DRAIN_TIMEOUT', '-1'],
    ['LOG_LEVEL', 'loud'],
    ['REQUIRE_API_KEY', 'false'],
    ['REQUIRE_API_KEY', 'perhaps'],
  ])('with %s=%s', async (name, value) => {
    await using site = await newSite();
    const server = await site.spawn({ [name]: value });
    await refuses(site, server, name);
    expect(server.stderr()).not.toContain('hunter2');
  });

  it('beside a server on the same directory, which goes on as if nothing had been', async () => {
    await using site = await newSite();
    const first = await site.start();
    const agent = await deployOn(first, site.key());
    await agent.say('one');
    // A process that was resumed lives on files in the temporary directory of its server.
    const { pid } = await agent.view();
    await first.json('POST', `${agent.path}/restart`, site.key());
    await until(async () => {
      const now = await agent.view();
      return now.status === 'idle' && now.pid !== pid;
    });
    await agent.say('two');
    const files = () => [readdirSync(site.dataDir), readdirSync(join(site.dataDir, 'tmp'))];
    const before = files();

    const second = await site.spawn();
    expect((await second.exited()).code).toBe(1);
    expect(second.stderr().trimEnd().split('\n')).toHaveLength(1);
    expect(second.stderr()).toContain(site.dataDir);
    const command = script([{ tool: 'Bash', input: { command: 'echo works' } }, { text: '{{n}}: {{tool_result}}' }]);
    expect(await agent.say(command)).toBe('3: works');
    expect(files()).toEqual(before);
  });
});

describe('stops', () => {
  /** A server in the middle of a turn, and the answer that is still to come. */
  async function inATurn(site: Site, waitMs: number) {
    const server = await site.start();
    const agent = await deployOn(server, site.key());
    await agent.say('one');
    const answer = agent.say(script([{ wait_ms: waitMs }, { text: 'finished' }])).catch((error: Error) => error);
    await until(async () => (await agent.view()).status === 'running');
    return { server, agent, answer };
  }

  it('at SIGTERM when the running turn has its answer, and is not ready meanwhile', async () => {
    await using site = await newSite();
    const { server, answer, agent } = await inATurn(site, 1_500);
    server.signal('SIGTERM');
    await until(() => server.stdout().includes('draining'));
    const ready = await fetch(`${server.url}/health/ready`);
    expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([503, 'draining']);
    // What is accepted already is finished; what is new goes to another node, or waits for the next start.
    const refused = await fetch(`${server.url}${agent.path}/messages`, {
      method: 'POST',
      headers: { 'x-api-key': site.key(), 'content-type': 'application/json' },
      body: JSON.stringify({ message: 'too late' }),
    });
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([503, true]);
    expect(await refused.json()).toMatchObject({ code: 'draining', retryable: true });
    expect(await answer).toBe('finished');
    expect(await server.exited()).toEqual({ code: 0, signal: null });
    expect(processesOf(site.dataDir)).toEqual([]);
  });

  it('at Ctrl-C, of which the terminal tells the whole process group', async () => {
    await using site = await newSite();
    const { server, answer } = await inATurn(site, 1_500);
    server.signalGroup('SIGINT');
    expect(await answer).toBe('finished');
    expect(await server.exited()).toEqual({ code: 0, signal: null });
    expect(processesOf(site.dataDir)).toEqual([]);
  });

  it('at once at the second SIGINT, and what it leaves behind is ended for it', async () => {
    await using site = await newSite();
    const { server, answer, agent } = await inATurn(site, 600_000);
    server.signal('SIGINT');
    await until(() => server.stdout().includes('draining'));
    server.signal('SIGINT');
    expect((await server.exited()).code).toBe(130);
    expect(processesOf(site.dataDir)).toEqual([]);
    expect(await answer).toBeInstanceOf(Error);

    const next = await site.start();
    const again = agentOn(next, site.key(), agent.path);
    await until(async () => (await again.view()).status === 'running');
    await next.json('POST', `${agent.path}/interrupt`, site.key());
    expect(await again.say('three')).toBe('Simulated reply 3: three');
  });
});
