import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, gapsIn } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { isAlive } from '../support/processes.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const INTERVAL_S = 1;
// The promise is the interval and 5 s; the rest is for a machine that is busy with other tests.
const FOUND_WITHIN_MS = (INTERVAL_S + 5) * 1000 + 5_000;

let platform: Platform;
beforeAll(async () => {
  platform = await startTestPlatform({
    HEALTH_CHECK_INTERVAL: String(INTERVAL_S),
    LEASE_TTL: '60',
    RECOVERY_BACKOFF_SECONDS: '1',
  });
});
afterAll(() => platform?.dispose());

async function deploy(): Promise<DeployedAgent> {
  const agent = await deployAgent(platform);
  await agent.reaches('idle');
  return agent;
}

/** The statuses and reasons since an event. */
async function since(agent: DeployedAgent, seq: number): Promise<string[]> {
  const timeline = await agent.timeline();
  return timeline.filter((step) => step.seq > seq).map((step) => `${step.from} > ${step.to}: ${step.reason}`);
}

const lastSeq = async (agent: DeployedAgent) => (await agent.log()).at(-1)?.seq ?? 0;

const REPLACED = [
  'unhealthy > recovering: control_channel_timeout',
  'recovering > starting: recovery_started',
  'starting > warming: process_spawned',
];

it.concurrent('replaces a process that is stopped while it is idle, and its memory goes on', async () => {
  const agent = await deploy();
  await agent.say('one');
  const { pid } = await agent.view();
  const from = await lastSeq(agent);
  const stoppedAt = Date.now();
  process.kill(pid, 'SIGSTOP');
  await until(async () => (await since(agent, from)).length > 0, FOUND_WITHIN_MS);
  const found = (await agent.timeline()).find((step) => step.seq > from) as unknown as { at: string; detail: string };
  expect(Date.parse(found.at) - stoppedAt).toBeLessThan(FOUND_WITHIN_MS);
  expect(found.detail).toMatch(/no answer to a health check within \d+\.\d s: the process is stopped/);
  await agent.reaches('idle');
  expect(await since(agent, from)).toEqual([
    'idle > unhealthy: control_channel_timeout',
    ...REPLACED,
    'warming > idle: probe_answered',
  ]);
  const now = await agent.view();
  expect(now.pid).not.toBe(pid);
  expect(isAlive(pid)).toBe(false);
  expect(gapsIn(await agent.timeline())).toEqual([]);
  expect(now).toMatchObject({ restarts: 1, recovery: { mode: 'always', max_attempts: 3, attempts_used: 1 } });
  expect((await agent.say('two')).response).toBe('Simulated reply 2: two');
  expect((await agent.view()).recovery.attempts_used).toBe(0);
});

it.concurrent('goes on with a turn whose process is stopped while a tool runs, and runs the tool once', async () => {
  const agent = await deploy();
  await agent.say('one');
  const { pid } = await agent.view();
  const from = await lastSeq(agent);
  const command = 'echo line >> n.txt; sleep 25';
  const turn = await agent.begin(script([{ tool: 'Bash', input: { command } }, { text: 'answer {{n}}' }]));
  await until(() => linesOf(agent) === 1);
  process.kill(pid, 'SIGSTOP');
  expect(await agent.ended(turn, 60_000)).toMatchObject({ state: 'completed', response: 'answer 2', attempts: 2 });
  expect(await since(agent, from)).toEqual([
    'idle > running: turn_started',
    'running > unhealthy: control_channel_timeout',
    ...REPLACED,
    'warming > running: probe_answered',
    'running > idle: turn_ended',
  ]);
  expect(linesOf(agent)).toBe(1);
  const log = (await agent.log()).filter((event) => event.turn_id === turn);
  const results = log.filter((event) => event.type === 'agent.tool_result');
  expect(results.map((event) => JSON.stringify(event.content))).toEqual([
    expect.stringContaining('its outcome is unknown. It was not run again.'),
  ]);
  expect((await agent.view()).pid).not.toBe(pid);
  expect((await agent.say('three')).response).toBe('Simulated reply 3: three');
});

it.concurrent('shows what the whole process tree takes', async () => {
  const agent = await deploy();
  const hog = `sh -c 'v=$(head -c 60000000 /dev/zero | tr "\\0" a); touch full; sleep 20'`;
  const turn = await agent.begin(script([{ tool: 'Bash', input: { command: hog } }]));
  await until(async () => {
    const now = (await agent.view()).resources;
    return now?.processes > 1 && now.memory_bytes > 100_000_000;
  }, 30_000);
  const { resources } = await agent.view();
  expect(resources).toMatchObject({ processes: expect.any(Number), sampled_at: expect.any(String) });
  expect(resources.cpu_seconds).toBeGreaterThan(0);
  const text = await metrics();
  expect(counted(text, 'aaas_sandbox_memory_bytes{of="largest"}')).toBeGreaterThan(100_000_000);
  expect(counted(text, 'aaas_sandbox_cpu_seconds_total')).toBeGreaterThan(0);
  for (const name of [agent.id, agent.sessionId]) expect(text).not.toContain(name);
  await agent.order('interrupt');
  await agent.ended(turn);
  await agent.order('hibernate');
  await agent.reaches('hibernated');
  expect((await agent.view()).resources).toBe(null);
});

it('blames no agent for a time in which the server itself stood still', async () => {
  const agents = await Promise.all([deploy(), deploy()]);
  const pids = await Promise.all(agents.map(async (agent) => (await agent.view()).pid));
  const from = await Promise.all(agents.map(lastSeq));
  process.kill(platform.pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, (INTERVAL_S + 4) * 1000));
  process.kill(platform.pid, 'SIGCONT');
  await until(() => platform.output().includes('this server itself stood still'));
  // Another round of checks.
  const asked = async () => counted(await metrics(), 'aaas_health_check_duration_seconds_count{result="answered"}');
  const before = await asked();
  await until(async () => (await asked()) >= before + 2 * agents.length, 30_000);
  expect(await Promise.all(agents.map(async (agent) => (await agent.view()).pid))).toEqual(pids);
  expect(await Promise.all(agents.map((agent, index) => since(agent, from[index] ?? 0)))).toEqual([[], []]);
});

it('finds a turn that gives no sign of life, by the limit of its phase', async () => {
  const agent = await deploy();
  await platform.json('PATCH', '/api/v1/settings', { STALL_TOOL_SECONDS: 2 });
  try {
    const from = await lastSeq(agent);
    const command = 'echo line >> n.txt; sleep 40';
    const turn = await agent.begin(script([{ tool: 'Bash', input: { command } }, { text: 'answer {{n}}' }]));
    expect(await agent.ended(turn, 60_000)).toMatchObject({ state: 'completed', response: 'answer 1', attempts: 2 });
    const steps = (await agent.timeline()).filter((step) => step.seq > from) as unknown as { detail: string | null }[];
    expect(steps).toContainEqual(
      expect.objectContaining({
        to: 'unhealthy',
        reason: 'turn_stalled',
        detail: expect.stringMatching(/for \d+ s while a tool ran \(STALL_TOOL_SECONDS\)/),
      }),
    );
    expect(linesOf(agent)).toBe(1);
  } finally {
    await platform.json('PATCH', '/api/v1/settings', { STALL_TOOL_SECONDS: null });
  }
});

function linesOf(agent: DeployedAgent): number {
  try {
    return readFileSync(join(agent.directory, 'n.txt'), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}

const metrics = async () => (await platform.request('GET', '/metrics')).text();

function counted(text: string, series: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}
