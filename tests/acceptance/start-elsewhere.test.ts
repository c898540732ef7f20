import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { script, until } from '../support/platform.ts';
import { findProcesses, processesOf } from '../support/processes.ts';
import { NOBODY, nobodyCanRun } from '../support/server-process.ts';
import { agentOn, deployOn, newSite } from '../support/site.ts';

const AS_ROOT = process.getuid?.() === 0;

it('keeps its agents, their memory and their files over a restart', async () => {
  await using site = await newSite();
  const first = await site.start();
  const agent = await deployOn(first, site.key());
  await agent.say(script([{ tool: 'Bash', input: { command: 'echo kept > file.txt' } }, { text: 'written' }]));
  const asleep = await deployOn(first, site.key());
  await asleep.say('one');
  await first.json('POST', `${asleep.path}/stop`, site.key());
  const key = site.key();
  first.signal('SIGINT');
  await first.exited();

  const second = await site.start();
  expect(site.key()).toBe(key);
  // It is told once.
  expect(second.stdout()).not.toContain(key);
  const again = agentOn(second, key, agent.path);
  expect((await again.view()).messages_count).toBe(1);
  const read = script([{ tool: 'Bash', input: { command: 'cat file.txt' } }, { text: '{{n}}: {{tool_result}}' }]);
  expect(await again.say(read)).toBe('2: kept');
  expect(await agentOn(second, key, asleep.path).view()).toMatchObject({ status: 'stopped', messages_count: 1 });
});

describe.runIf(nobodyCanRun())('as a plain user', () => {
  it('works all the way, in sandboxes too', async () => {
    await using site = await newSite();
    mkdirSync(site.dataDir);
    chownSync(site.dataDir, NOBODY, NOBODY);
    const server = await site.start({}, true);
    expect((await server.json('GET', '/health', site.key())).enforcement).toMatchObject({ isolation: 'sandbox' });

    const agent = await deployOn(server, site.key());
    expect(await agent.say('hello')).toBe('Simulated reply 1: hello');
    const work = script([{ tool: 'Bash', input: { command: 'id -u; echo x > x.txt' } }, { text: '{{tool_result}}' }]);
    expect(await agent.say(work)).toBe(String(NOBODY));
    await server.json('POST', `${agent.path}/restart`, site.key());
    expect(await agent.say('three')).toBe('Simulated reply 3: three');
    const { session_id: session, pid } = await agent.view();
    expect(readFileSync(join(site.dataDir, 'sessions', session, 'work', 'x.txt'), 'utf8')).toBe('x\n');
    expect(statSync(`/proc/${pid}`).uid).toBe(NOBODY);

    process.kill(pid, 'SIGKILL');
    expect(await agent.say('four')).toBe('Simulated reply 4: four');
    server.signal('SIGINT');
    expect((await server.exited()).code).toBe(0);
    expect(processesOf(site.dataDir)).toEqual([]);
  });

  it('serves one workspace and its test side where nothing keeps agents apart, and says so', async () => {
    await using site = await newSite();
    mkdirSync(site.dataDir);
    chownSync(site.dataDir, NOBODY, NOBODY);
    // All that the server needs but a bwrap.
    const path = join(site.parent, 'bin');
    mkdirSync(path);
    symlinkSync('/usr/bin/setpriv', join(path, 'setpriv'));
    const server = await site.start({ PATH: path }, true);
    await until(() => server.stdout().includes('Warning'));
    expect(server.stdout()).toContain('bubblewrap (bwrap) is not installed');
    expect((await server.json('GET', '/health', site.key())).enforcement).toMatchObject({ isolation: 'process' });
    const first = await deployOn(server, site.key());
    expect(await first.say('hello')).toBe('Simulated reply 1: hello');
    const test = (await server.json('POST', '/api/v1/keys', site.key(), { name: 'test', test: true })).key;
    expect(await (await deployOn(server, test)).say('hello')).toBe('Simulated reply 1: hello');

    const made = await server.json('POST', '/api/v1/workspaces', site.key(), { name: 'second' });
    const second = await deployOn(server, made.admin_key.key);
    await until(async () => (await second.view()).status === 'error');
    const { status_reason: reason, status_detail: detail } = await second.view();
    expect([reason, detail]).toEqual(['start_refused', expect.stringContaining('serves another workspace')]);
    expect(await first.say('hello')).toBe('Simulated reply 2: hello');
  });
});

describe('an isolation that was asked for', () => {
  it.runIf(AS_ROOT)('is not exchanged for a weaker one', async () => {
    await using site = await newSite();
    const none = await site.spawn({ ISOLATION: 'sandbox', PATH: '/nonexistent' });
    expect((await none.exited()).code).toBe(1);
    expect(none.stderr()).toBe(
      'aaas: ISOLATION=sandbox is not available here: bubblewrap (bwrap) is not installed. See docs/isolation.md, or set it to auto.\n',
    );
    const root = await site.spawn({ ISOLATION: 'process' });
    expect((await root.exited()).code).toBe(1);
    expect(root.stderr()).toMatch(/^aaas: ISOLATION=process is not available here: agents would run as root\..*\n$/);
    const shown = await site.spawn({ SANDBOX_PATHS: site.parent });
    expect((await shown.exited()).code).toBe(1);
    expect(shown.stderr()).toMatch(/^aaas: Bad setting SANDBOX_PATHS: .* would show agents the data directory .*\n$/);
  });
});

describe.runIf(AS_ROOT)('as root', () => {
  it('works below a directory that is closed to others, which stays closed', async () => {
    await using site = await newSite('closed/data');
    mkdirSync(join(site.parent, 'closed'), { mode: 0o700 });
    const server = await site.start();
    const agent = await deployOn(server, site.key());
    const work = script([
      { tool: 'Bash', input: { command: 'id -u; echo x > x.txt; cat x.txt' } },
      { text: '{{tool_result}}' },
    ]);
    expect(await agent.say(work)).toMatch(/^[1-9]\d*\nx$/);
    // A resumed process needs directories that a new one does not.
    await server.json('POST', `${agent.path}/restart`, site.key());
    expect(await agent.say('two')).toBe('Simulated reply 2: two');
    const { pid } = await agent.view();
    process.kill(pid, 'SIGKILL');
    expect(await agent.say('three')).toBe('Simulated reply 3: three');
    expect(statSync(join(site.parent, 'closed')).mode & 0o777).toBe(0o700);
    server.signal('SIGINT');
    expect((await server.exited()).code).toBe(0);
    expect(processesOf(site.dataDir)).toEqual([]);
  });

  it('gives each agent a user of its own, and none of them root', async () => {
    await using site = await newSite();
    const server = await site.start();
    const agents = await Promise.all([1, 2].map(() => deployOn(server, site.key())));
    const uids = await Promise.all(
      agents.map(async (agent) => {
        await agent.say('hello');
        const { session_id: session } = await agent.view();
        const found = findProcesses(join(site.dataDir, 'sessions', session)).map(
          ({ pid }) => statSync(`/proc/${pid}`).uid,
        );
        expect(new Set(found).size).toBe(1);
        return found[0];
      }),
    );
    expect(new Set([...uids, 0]).size).toBe(3);
    expect((await server.json('GET', '/health', site.key())).enforcement).toMatchObject({ isolation: 'sandbox' });
  });
});

describe('the admin key', () => {
  const KEY = 'a-key-of-the-operator';

  it('is the one of API_KEY, and no file is made for it', async () => {
    await using site = await newSite();
    const server = await site.start({ API_KEY: KEY });
    expect(await server.json('GET', '/api/v1/agents', KEY)).toEqual({ data: [], next_cursor: null });
    expect(readdirSync(site.dataDir)).not.toContain('admin.key');
    expect(server.stdout() + server.stderr()).not.toContain(KEY);
    for (const { command } of findProcesses(site.dataDir)) expect(command).not.toContain(KEY);
    await expect(server.json('GET', '/api/v1/agents', `${KEY}x`)).rejects.toThrow('401');
  });

  it('is the one in API_KEY_FILE', async () => {
    await using site = await newSite();
    const file = join(site.parent, 'key.txt');
    writeFileSync(file, `${KEY}\n`, { mode: 0o600 });
    const server = await site.start({ API_KEY_FILE: file });
    expect(await server.json('GET', '/api/v1/agents', KEY)).toMatchObject({ data: [] });
    expect(existsSync(join(site.dataDir, 'admin.key'))).toBe(false);
  });
});
