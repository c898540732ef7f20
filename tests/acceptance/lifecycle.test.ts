import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, gapsIn } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { findProcesses, isAlive } from '../support/processes.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startTestPlatform({ DRAIN_TIMEOUT: '3', INTERRUPT_TIMEOUT: '2' });
});
afterAll(() => platform?.dispose());

// Whatever a test did to an agent, its timeline must tell it without a hole.
const deployed: DeployedAgent[] = [];
afterEach(async () => {
  for (const agent of deployed.splice(0)) {
    const timeline = await agent.timeline();
    expect(gapsIn(timeline)).toEqual([]);
    expect(timeline.at(-1)?.to ?? 'stopped').toBe((await agent.view()).status);
  }
});

async function deploy(autoStart = true): Promise<DeployedAgent> {
  const agent = await deployAgent(platform, {}, autoStart);
  deployed.push(agent);
  return agent;
}

const slow = (ms: number, text: string) => script([{ wait_ms: ms }, { text }]);

it('keeps an agent stopped that was created without a start', async () => {
  const body = { config: { agent_type: 'general' }, auto_start: false };
  const response = await platform.request('POST', '/api/v1/agents', body);
  expect(response.status).toBe(201);
  const created = (await response.json()) as { agent_id: string; status: string; endpoint: string };
  expect(created).toMatchObject({ status: 'stopped', endpoint: `/api/v1/agents/${created.agent_id}` });
  expect(response.headers.get('location')).toBe(created.endpoint);
  expect(await platform.json('GET', created.endpoint)).toMatchObject({
    status: 'stopped',
    status_reason: 'created',
    pid: null,
  });

  const refused = await platform.request('POST', `${created.endpoint}/messages`, { message: 'hello?' });
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ code: 'agent_stopped', status: 409 });

  await platform.json('POST', `${created.endpoint}/start`);
  expect((await platform.json('POST', `${created.endpoint}/messages`, { message: 'hello' })).response).toBe(
    'Simulated reply 1: hello',
  );
});

it('brings an agent up that was created with a start', async () => {
  const agent = await deploy();
  await agent.reaches('idle');
  const { pid, node } = await agent.view();
  expect(node).toMatch(/^node_/);
  expect(isAlive(pid)).toBe(true);
  expect(findProcesses(agent.root).map((found) => found.pid)).toContain(pid);
  const listed = (await platform.json('GET', '/api/v1/agents?status=idle&limit=100')).data as { id: string }[];
  expect(listed.map((found) => found.id)).toContain(agent.id);
  expect((await agent.timeline()).map((step) => step.to)).toEqual(['starting', 'warming', 'idle']);
});

it('stops: refuses messages at once, finishes the running turn, keeps what waits for the next start', async () => {
  const agent = await deploy();
  const running = await agent.begin(slow(1_500, 'finished'));
  await until(async () => (await agent.turn(running)).state === 'running');
  const queued = await agent.begin('from the queue');
  const waiting = agent.post('also from the queue');
  await until(async () => (await agent.view()).messages_waiting === 2);

  await agent.order('stop');
  const refused = await agent.post('too late');
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ code: 'agent_stopped' });
  await agent.reaches('stopped');
  expect(await agent.turn(running)).toMatchObject({ state: 'completed', response: 'finished' });
  expect(await agent.turn(queued)).toMatchObject({ state: 'queued' });
  expect((await waiting).status).toBe(409);
  expect(findProcesses(agent.root)).toEqual([]);
  expect((await agent.view()).pid).toBe(null);
  await agent.order('stop');

  await agent.order('start');
  expect((await agent.ended(queued)).response).toBe('Simulated reply 2: from the queue');
  await until(async () => (await agent.view()).messages_count === 3);
  expect((await agent.say('after all')).response).toBe('Simulated reply 4: after all');
});

it('interrupts a turn that outlasts DRAIN_TIMEOUT when its agent stops', async () => {
  const agent = await deploy();
  const running = await agent.begin(script([{ text: 'Begun. ' }, { stall: true }]));
  await until(async () => (await agent.turn(running)).state === 'running');
  await agent.order('stop');
  expect((await agent.view()).status).toBe('draining');
  expect(await agent.ended(running)).toMatchObject({ state: 'interrupted', stop_reason: 'interrupted' });
  await agent.reaches('stopped');
  expect(findProcesses(agent.root)).toEqual([]);
  await agent.order('start');
  expect((await agent.say('still there?')).response).toBe('Simulated reply 2: still there?');
});

it('restarts in a new process with the same memory', async () => {
  const agent = await deploy();
  await agent.say('one');
  const { pid: old } = await agent.view();
  await agent.order('restart');
  await until(async () => {
    const { pid, status } = await agent.view();
    return pid !== null && pid !== old && status === 'idle';
  });
  expect(isAlive(old)).toBe(false);
  expect((await agent.say('two')).response).toBe('Simulated reply 2: two');
});

it('answers a message that arrives during a restart', async () => {
  const agent = await deploy();
  await agent.say('one');
  await agent.order('restart');
  expect((await agent.say('two')).response).toBe('Simulated reply 2: two');
});

it('sleeps without a process and wakes with its memory', async () => {
  const agent = await deploy();
  await agent.say('one');
  await agent.order('hibernate');
  await agent.reaches('hibernated');
  expect(await agent.view()).toMatchObject({ pid: null, status_reason: 'hibernate_requested' });
  expect(findProcesses(agent.root)).toEqual([]);
  expect((await agent.say('two')).response).toBe('Simulated reply 2: two');
  await agent.reaches('idle');
  expect(isAlive((await agent.view()).pid)).toBe(true);
});

it('takes every order twice, in any state, and many at the same time', async () => {
  const agent = await deploy(false);
  const orders = ['stop', 'hibernate', 'hibernate', 'start', 'start', 'restart', 'restart', 'stop', 'start'] as const;
  for (const order of orders) await agent.order(order);
  expect((await agent.say('all well?')).response).toBe('Simulated reply 1: all well?');
  await Promise.all(orders.map((order) => agent.order(order)));
  await agent.order('start');
  expect((await agent.say('and now?')).response).toBe('Simulated reply 2: and now?');
  await agent.reaches('idle');
});

it('deletes an agent with everything it was, in the middle of a turn too', async () => {
  const agent = await deployAgent(platform);
  await agent.say('one');
  const running = await agent.begin(script([{ tool: 'Bash', input: { command: 'echo x > mine.txt; sleep 60' } }]));
  await until(() => existsSync(`${agent.directory}/mine.txt`));
  const deleted = await platform.request('DELETE', agent.path);
  expect(deleted.status).toBe(202);
  const session = `/v1/sessions/${agent.sessionId}`;
  for (const path of [
    agent.path,
    `${agent.path}/events`,
    `${agent.path}/messages`,
    `${agent.path}/timeline`,
    `${agent.path}/turns/${running}`,
  ]) {
    const response = await platform.request('GET', path);
    expect([path, response.status]).toEqual([path, 404]);
  }
  for (const path of [session, `${session}/events`]) expect((await platform.request('GET', path)).status).toBe(404);
  expect((await agent.post('anybody?')).status).toBe(404);
  expect((await platform.request('DELETE', agent.path)).status).toBe(404);
  await until(() => findProcesses(agent.root).length === 0);
  await until(() => !existsSync(agent.root));
  const { data } = await platform.json('GET', '/api/v1/agents?limit=100');
  expect(data.map((found: { id: string }) => found.id)).not.toContain(agent.id);
});

it('serves more agents than have a place: the one that has been idle longest sleeps', async () => {
  const small = await startTestPlatform({ MAX_AGENTS: '2' });
  try {
    const live = () =>
      findProcesses(`${small.dataDir}/sessions/`).filter((found) => /^\S*\/claude /.test(found.command)).length;
    const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map(() => deployAgent(small, {}, false)));
    if (!a || !b || !c || !d) throw new Error('four agents were deployed');
    for (const agent of [a, b]) {
      await agent.order('start');
      await agent.say('one');
    }
    await c.order('start');
    expect((await c.say('one')).response).toBe('Simulated reply 1: one');
    expect((await a.view()).status).toBe('hibernated');
    expect((await a.timeline()).at(-1)?.reason).toBe('slot_needed');
    expect((await b.view()).status).toBe('idle');
    await d.order('start');
    expect((await d.say('one')).response).toBe('Simulated reply 1: one');

    const answers = await Promise.all([a, b, c, d].flatMap((agent) => [agent.say('more'), agent.say('more')]));
    expect(answers.map((answer) => answer.response).toSorted()).toEqual(
      ['2', '2', '2', '2', '3', '3', '3', '3'].map((n) => `Simulated reply ${n}: more`),
    );
    expect(live()).toBeLessThanOrEqual(2);
    for (const agent of [a, b, c, d]) expect(gapsIn(await agent.timeline())).toEqual([]);
  } finally {
    await small.dispose();
  }
});
