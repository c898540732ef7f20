import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, gapsIn } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { findProcesses } from '../support/processes.ts';
import { startTestPlatform } from '../support/test-platform.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

let platform: Platform;
let receiver: WebhookReceiver;
beforeAll(async () => {
  receiver = await startWebhookReceiver();
  platform = await startTestPlatform({
    HEALTH_CHECK_INTERVAL: '1',
    MAX_CONCURRENT_STARTS: '2',
    RECOVERY_BACKOFF_SECONDS: '1',
    WEBHOOK_ALLOW_PRIVATE: '127.0.0.1',
  });
  const events = ['agent.status_changed', 'agent.error'];
  await platform.json('POST', '/api/v1/webhooks', { url: `${receiver.url}/hook`, events });
});
afterAll(async () => {
  await platform?.dispose();
  await receiver?.close();
});

async function deploy(policy: Record<string, unknown> | null): Promise<DeployedAgent> {
  const agent = await deployAgent(platform, policy === null ? {} : { restart_policy: policy });
  await agent.reaches('idle', 60_000);
  return agent;
}

/** Kills what the agent runs in, and waits until that is noticed. */
async function kill(agent: DeployedAgent, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const { pid } = await agent.view();
  process.kill(pid, signal);
  await until(async () => (await agent.view()).pid !== pid);
}

const last = async (agent: DeployedAgent) => (await agent.timeline()).at(-1);
const told = (agent: DeployedAgent, type: string) =>
  receiver.at('/hook').filter(({ event }) => event.type === type && event.data.agent_id === agent.id);

it.concurrent('gives up after the attempts of the policy, says so loudly, and starts again when asked', async () => {
  const agent = await deploy({ max_attempts: 1, window_seconds: 3_600, backoff_seconds: 1 });
  await agent.say('one');
  await kill(agent);
  await agent.reaches('idle');
  expect((await agent.view()).recovery).toEqual({
    mode: 'always',
    max_attempts: 1,
    window_seconds: 3_600,
    backoff_seconds: 1,
    attempts_used: 1,
    next_attempt_at: null,
  });
  await kill(agent);
  await agent.reaches('error');
  expect(await agent.view()).toMatchObject({
    status_reason: 'attempts_used_up',
    status_detail: expect.stringContaining('ended by SIGKILL'),
    next_action: 'start it again when the cause is mended',
    pid: null,
  });
  expect((await agent.log()).filter((event) => event.type === 'x.alert')).toMatchObject([
    {
      alert: 'agent_error',
      severity: 'critical',
      reason: 'attempts_used_up',
      cause: 'process_killed',
      attempts_used: 1,
    },
  ]);
  await until(() => told(agent, 'agent.error').length === 1);
  await agent.order('start');
  await agent.reaches('idle');
  expect((await agent.view()).recovery.attempts_used).toBe(0);
  expect((await agent.say('two')).response).toBe('Simulated reply 2: two');
  expect(gapsIn(await agent.timeline())).toEqual([]);
});

it.concurrent('ends the open turn with a clear error when the policy is never', async () => {
  const agent = await deploy({ mode: 'never' });
  await agent.say('one');
  const turn = await agent.begin(script([{ wait_ms: 30_000 }, { text: 'late' }]));
  await agent.reaches('running');
  await kill(agent);
  expect(await agent.ended(turn)).toMatchObject({
    state: 'failed',
    attempts: expect.any(Number),
    error: { message: expect.stringMatching(/its restart policy is never.*ended by SIGKILL/) },
  });
  await agent.reaches('error');
  expect(await last(agent)).toMatchObject({ to: 'error', reason: 'recovery_off' });
  await agent.order('start');
  expect((await agent.say('after')).response).toMatch(/^Simulated reply \d: after$/);
});

it.concurrent('lets what ended by itself sleep on-failure, and brings it back otherwise', async () => {
  const [gentle, eager] = await Promise.all([deploy({ mode: 'on-failure' }), deploy({ mode: 'always' })]);
  await Promise.all([gentle.say('one'), eager.say('one')]);
  await Promise.all([kill(gentle, 'SIGINT'), kill(eager, 'SIGINT')]);
  await gentle.reaches('hibernated');
  expect(await last(gentle)).toMatchObject({ reason: 'process_exited' });
  expect((await gentle.say('two')).response).toBe('Simulated reply 2: two');
  await kill(gentle, 'SIGTERM');
  await until(async () => (await gentle.timeline()).some((step) => step.reason === 'process_killed'));
  await gentle.reaches('idle');
  await eager.reaches('idle');
  expect((await eager.timeline()).map((step) => step.reason)).toContain('process_exited');
  expect((await eager.say('two')).response).toBe('Simulated reply 2: two');
});

it('tries a start again that failed', async () => {
  const agent = await deployAgent(platform, {}, false);
  // The first process gets no further; the second has its time.
  await platform.json('PATCH', '/api/v1/settings', { START_TIMEOUT: 1 });
  await agent.order('start');
  await until(() => {
    const found = findProcesses(agent.root).filter(({ command }) => /^\S*\/claude /.test(command));
    for (const { pid } of found) process.kill(pid, 'SIGSTOP');
    return found.length > 0;
  }, 60_000);
  await until(async () => (await agent.timeline()).some((step) => step.to === 'recovering'));
  await platform.json('PATCH', '/api/v1/settings', { START_TIMEOUT: null });
  await agent.reaches('idle', 60_000);
  const steps = (await agent.timeline()) as unknown as { to: string; reason: string; detail: string | null }[];
  expect(steps).toContainEqual(
    expect.objectContaining({
      to: 'recovering',
      reason: 'start_failed',
      detail: expect.stringContaining('did not answer within'),
    }),
  );
  expect((await agent.say('one')).response).toBe('Simulated reply 1: one');
});

it('takes a restart policy as a part of the definition, without a new process', async () => {
  const agent = await deploy(null);
  expect(await agent.view()).toMatchObject({ config: { restart_policy: null }, recovery: { mode: 'always' } });
  const { pid } = await agent.view();
  const patch = (policy: unknown) => platform.request('PATCH', agent.path, { config: { restart_policy: policy } });
  expect((await patch({ mode: 'on-failure', max_attempts: 7 })).status).toBe(200);
  expect((await patch({ max_attempts: null, window_seconds: 60 })).status).toBe(200);
  await until(async () => (await agent.view()).active_version === 3);
  expect(await agent.view()).toMatchObject({
    pid,
    config: { restart_policy: { mode: 'on-failure', window_seconds: 60 } },
    recovery: { mode: 'on-failure', max_attempts: 3, window_seconds: 60, backoff_seconds: 1 },
  });
  for (const bad of [{ mode: 'sometimes' }, { max_attempts: 101 }, { window_seconds: 1 }, { tries: 3 }, 'never']) {
    const refused = await patch(bad);
    expect([bad, refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      bad,
      422,
      'invalid_request',
    ]);
  }
  await platform.json('PATCH', '/api/v1/settings', { ENABLE_AUTO_RECOVERY: false });
  const unset = await deployAgent(platform, {}, false);
  expect((await unset.view()).recovery.mode).toBe('never');
  expect((await agent.view()).recovery.mode).toBe('on-failure');
  await platform.json('PATCH', '/api/v1/settings', { ENABLE_AUTO_RECOVERY: null });
});

it('has come over every way of the lifecycle, each for its own reason', async () => {
  const agent = await deploy(null);
  await agent.say('one');
  await agent.order('hibernate');
  await agent.reaches('hibernated');
  await agent.order('stop');
  await agent.reaches('stopped');
  await agent.order('start');
  await agent.say('two');
  const slow = await agent.begin(script([{ wait_ms: 1_000 }, { text: 'done' }]));
  await agent.reaches('running');
  await agent.order('stop');
  await agent.reaches('stopped');
  expect(await agent.turn(slow)).toMatchObject({ state: 'completed' });
  await agent.order('start');
  await agent.reaches('idle');
  process.kill((await agent.view()).pid, 'SIGSTOP');
  await agent.reaches('unhealthy', 40_000);
  await agent.reaches('idle', 40_000);
  const left = await agent.begin(script([{ wait_ms: 1_000 }, { text: 'left' }]));
  await agent.reaches('running');
  await platform.stop();
  await platform.start();
  expect(await agent.turn(left)).toMatchObject({ state: 'completed' });
  await agent.reaches('hibernated');
  await agent.say('woken');
  await platform.json('DELETE', agent.path);
  const over = () =>
    new Set(told(agent, 'agent.status_changed').map(({ event: { data } }) => `${data.from} > ${data.to}`));
  await until(() => over().has('draining > terminated'), 30_000);
  for (const way of [
    ...['starting > warming', 'warming > idle', 'idle > running', 'running > idle', 'stopped > starting'],
    ...['idle > unhealthy', 'unhealthy > recovering', 'recovering > starting'],
    ...['idle > hibernated', 'hibernated > starting', 'hibernated > stopped'],
    ...['running > draining', 'draining > stopped', 'draining > hibernated', 'draining > terminated'],
  ]) {
    expect([...over()]).toContain(way);
  }
});
