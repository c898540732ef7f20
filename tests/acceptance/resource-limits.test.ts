import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { findProcesses } from '../support/processes.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const WITHIN_MS = 60_000;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('skipped: limits are held for agents that are users of their own, which root alone can make');

it.runIf(process.env.CI)('is root in CI', () => {
  expect(isRoot).toBe(true);
});

const STORM = 'storm() { storm | storm & }; storm; sleep 100';
const bash = (command: string, mark: string) => script([{ tool: 'Bash', input: { command } }, { text: mark }]);

async function deploy(platform: Platform, limits: object): Promise<DeployedAgent> {
  const config = { agent_type: 'custom', system_prompt: 'Work.', allowed_tools: ['Bash'], limits };
  return deployAgent(platform, { ...config, permission_mode: 'bypassPermissions' });
}

async function reached(agent: DeployedAgent, resource: string, outcome: string) {
  const log = await agent.log();
  return log.find((e) => e.type === 'x.limit_reached' && e.resource === resource && e.outcome === outcome);
}

/** The agent is ended for a limit, goes on in another process and answers; the model is told why. */
async function endsAndGoesOn(agent: DeployedAgent, upstream: RecordingUpstream, resource: string, command: string) {
  const turn = await agent.begin(bash(command, `over-${agent.id}`));
  expect(await agent.ended(turn, WITHIN_MS)).toMatchObject({ state: 'completed' });
  const event = await reached(agent, resource, 'sandbox_killed');
  expect(event).toMatchObject({ turn_id: turn, limit: expect.any(Number), used: expect.any(Number) });
  expect(event?.used).toBeGreaterThan(event?.limit * 0.9);
  const timeline = await agent.timeline();
  expect(timeline).toContainEqual(expect.objectContaining({ to: 'recovering', reason: `${resource}_limit` }));
  const told = upstream.asked(agent.id).filter(({ text }) => text.includes('platform-note'));
  expect(told.at(-1)?.text).toContain(event?.message);
  // Nothing of the tree that was ended is left, and the agent takes the next message.
  expect(findProcesses(agent.root).filter(({ command: line }) => line.includes('storm'))).toEqual([]);
  expect((await agent.say('hello')).response).toContain('hello');
}

describe.skipIf(!isRoot)('where control groups can be made', () => {
  let platform: Platform;
  let upstream: RecordingUpstream;
  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    const fast = { CPU_QUOTA_AFTER: '2', DISK_CHECK_INTERVAL: '1', MAX_MEMORY_PER_AGENT_MB: '1024' };
    platform = await startTestPlatform({ ANTHROPIC_BASE_URL: upstream.url, LIMITS_ENFORCEMENT: 'cgroup', ...fast });
  });
  afterAll(async () => {
    await platform?.dispose();
    await upstream?.close();
  });

  it('names what holds the limits', async () => {
    const { enforcement } = await platform.json('GET', '/health');
    const group = expect.stringMatching(/^cgroup-v[12]$/);
    expect(enforcement.limits).toEqual({ memory: group, pids: group, cpu: group, disk: 'watch' });
  });

  it('ends the command of a hog and lets its agent live, who is told why', async () => {
    const agent = await deploy(platform, { memory_mb: 640 });
    await agent.reaches('idle');
    const { pid } = await agent.view();
    const turn = await agent.begin(bash(`tail /dev/zero # ${agent.id}`, 'done'));
    expect(await agent.ended(turn, WITHIN_MS)).toMatchObject({ state: 'completed', response: 'done' });
    expect((await agent.view()).pid).toBe(pid);
    const result = (await agent.log()).find(({ type }) => type === 'agent.tool_result');
    expect(JSON.stringify(result)).toContain('137');
    const event = await reached(agent, 'memory', 'process_killed');
    expect(event).toMatchObject({ turn_id: turn, limit: 640, unit: 'MB' });
    expect(upstream.asked(agent.id).at(-1)?.text).toContain(event?.message);
  });

  it('ends an agent whose own process is the largest, and tells that from any other kill', async () => {
    const agent = await deploy(platform, { memory_mb: 320 });
    const many = 'for i in 1 2 3 4 5 6; do (head -c 40M /dev/zero; sleep 100) | tail & done; wait';
    await endsAndGoesOn(agent, upstream, 'memory', `${many} # ${agent.id}`);
    const { pid } = await agent.view();
    process.kill(pid, 'SIGKILL');
    await until(async () => (await agent.timeline()).at(-1)?.reason !== 'turn_ended', WITHIN_MS);
    await agent.say('again');
    const reasons = (await agent.timeline()).filter(({ to }) => to === 'recovering').map(({ reason }) => reason);
    expect(reasons).toEqual(['memory_limit', 'process_killed']);
  });

  it('ends a storm of forks', async () => {
    const agent = await deploy(platform, { pids: 128 });
    await endsAndGoesOn(agent, upstream, 'pids', `${STORM} # ${agent.id}`);
  });

  it('ends who fills the disk, and lets them clear away afterwards', async () => {
    const agent = await deploy(platform, { disk_mb: 64 });
    const fill = 'head -c 40M /dev/zero > a; head -c 40M /dev/zero > b; sleep 100';
    await endsAndGoesOn(agent, upstream, 'disk', `${fill} # ${agent.id}`);
    expect((await agent.say(bash('rm a b; ls | wc -l', 'cleared'))).response).toBe('cleared');
    expect((await agent.view()).restarts).toBe(1);
    // No single file is larger than all of them may be.
    await agent.say(bash('head -c 100M /dev/zero > c; stat -c %s c; rm c', 'refused'));
    expect(JSON.stringify(await agent.log())).toContain(String(64 * 1024 * 1024));
  });

  it('holds a burner to its share of a core until it is calm', async () => {
    const agent = await deploy(platform, { cpu_percent: 20 });
    const turn = await agent.begin(bash('timeout 100 sh -c "while :; do :; done" & wait', 'burnt'));
    await until(async () => (await reached(agent, 'cpu', 'throttled')) !== undefined, WITHIN_MS);
    await agent.order('interrupt');
    await agent.ended(turn, WITHIN_MS);
    await until(async () => (await reached(agent, 'cpu', 'released')) !== undefined, WITHIN_MS);
    expect((await agent.say('hello')).response).toContain('hello');
  });

  it('refuses more than the platform gives, and makes a version of each change', async () => {
    const base = { agent_type: 'custom', system_prompt: 'Work.' };
    const refused = await platform.request('POST', '/api/v1/agents', {
      config: { ...base, limits: { memory_mb: 2048, pids: 10 } },
    });
    expect(refused.status).toBe(422);
    expect(JSON.stringify(await refused.json())).toContain('limits.pids');
    const above = await platform.request('POST', '/api/v1/agents', {
      config: { ...base, limits: { memory_mb: 2048 } },
    });
    expect(above.status).toBe(422);
    expect(await above.json()).toMatchObject({
      code: 'invalid_request',
      errors: [{ field: 'config.limits.memory_mb', message: expect.stringContaining('at most 1024') }],
    });
    const agent = await deployAgent(platform, { ...base, limits: { memory_mb: 512, pids: 200 } }, false);
    const change = (limits: object) => platform.request('PATCH', agent.path, { config: { limits } });
    expect((await change({ cpu_percent: 100_000 })).status).toBe(422);
    expect(await (await change({ pids: null, disk_mb: 128 })).json()).toMatchObject({
      version: 2,
      config: { limits: { memory_mb: 512, disk_mb: 128 } },
    });
  });
});

describe.skipIf(!isRoot)('where no control group can be made', () => {
  let platform: Platform;
  let upstream: RecordingUpstream;
  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    const fast = { DISK_CHECK_INTERVAL: '1', LIMITS_ENFORCEMENT: 'watch' };
    platform = await startTestPlatform({ ANTHROPIC_BASE_URL: upstream.url, ...fast });
  });
  afterAll(async () => {
    await platform?.dispose();
    await upstream?.close();
  });

  it('says so', async () => {
    const { enforcement } = await platform.json('GET', '/health');
    expect(enforcement.limits).toEqual({ memory: 'watch', pids: 'rlimit', cpu: 'nice', disk: 'watch' });
    await until(() => /Warning .*watched, not held by the kernel/.test(platform.output()));
  });

  it('ends the largest process of a hog, and lets its agent live', async () => {
    const agent = await deploy(platform, { memory_mb: 640 });
    // It lets go as soon as nobody reads any more.
    const hog = '(head -c 700M /dev/zero; while echo; do sleep 0.1; done) | tail > /dev/null';
    const turn = await agent.begin(bash(hog, 'done'));
    expect(await agent.ended(turn, WITHIN_MS)).toMatchObject({ state: 'completed', response: 'done' });
    const event = await reached(agent, 'memory', 'process_killed');
    expect(event?.used).toBeGreaterThan(640);
    expect((await agent.view()).restarts).toBe(0);
  });
});
