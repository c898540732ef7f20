import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, gapsIn } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { findProcesses, isAlive } from '../support/processes.ts';
import { framesOf } from '../support/sse.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const INTERRUPT_TIMEOUT = 2;
/** The time a disobedient process has, and a new one needs. */
const OBEYS_WITHIN_MS = (INTERRUPT_TIMEOUT + 8) * 1000;

let platform: Platform;
beforeAll(async () => {
  platform = await startTestPlatform({
    INTERRUPT_TIMEOUT: String(INTERRUPT_TIMEOUT),
    MAX_RECOVERY_ATTEMPTS: '2',
    RECOVERY_BACKOFF_SECONDS: '0',
  });
});
afterAll(() => platform?.dispose());

let agent: DeployedAgent;
afterEach(async () => {
  expect(gapsIn(await agent.timeline())).toEqual([]);
});

async function deploy(): Promise<void> {
  agent = await deployAgent(platform);
  await agent.say('one');
}

const eventsOf = async (turn: string, type: string) =>
  (await agent.log()).filter((entry) => entry.turn_id === turn && entry.type === type);

/** Begins a turn whose tool has children, one of them in a session of its own. */
async function beginFamily(): Promise<string> {
  const family = 'setsid sleep 7001 & sleep 7002 & echo up > up.txt; sleep 7003';
  const turn = await agent.begin(
    script(
      [
        { tool: 'Write', input: { file_path: 'family.sh', content: family } },
        { tool: 'Bash', input: { command: 'sh family.sh' } },
      ],
      'start a family',
    ),
  );
  await until(() => existsSync(join(agent.directory, 'up.txt')) && familyOf().length >= 3);
  return turn;
}

const familyOf = () => findProcesses(agent.root).filter((found) => /^sleep 700\d/.test(found.command));

it('interrupts an answer that is being written', async () => {
  await deploy();
  const { pid } = await agent.view();
  const response = await agent.post(
    script([{ tokens_per_second: 20 }, { text: 'word '.repeat(2_000) }], 'a long one'),
    { accept: 'text/event-stream' },
  );
  let turn = '';
  for await (const frame of framesOf(response)) {
    if (frame.event === 'x.turn_accepted') turn = frame.data.turn_id;
    if (frame.event === 'event_delta') break;
  }
  const queued = await agent.begin('next');
  await agent.order('interrupt');
  expect(await agent.ended(turn)).toMatchObject({ state: 'interrupted', stop_reason: 'interrupted' });
  expect(await eventsOf(turn, 'user.interrupt')).toHaveLength(1);
  expect((await eventsOf(turn, 'session.status_idle'))[0]?.stop_reason).toEqual({ type: 'end_turn' });
  expect((await agent.ended(queued)).response).toBe('Simulated reply 3: next');
  // It obeyed: nobody had to kill it.
  expect(await agent.view()).toMatchObject({ pid, restarts: 0 });
});

it('interrupts a tool, and every process that the tool began is gone', async () => {
  await deploy();
  const { pid } = await agent.view();
  const turn = await beginFamily();
  await agent.order('interrupt');
  expect(await agent.ended(turn)).toMatchObject({ state: 'interrupted' });
  await until(() => familyOf().length === 0);
  const uses = (await eventsOf(turn, 'agent.tool_use')).map((entry) => entry.id);
  const results = await eventsOf(turn, 'agent.tool_result');
  expect(results.map((entry) => entry.tool_use_id)).toEqual(uses);
  expect(results.at(-1)?.is_error).toBe(true);
  expect((await agent.say('next')).response).toBe('Simulated reply 3: next');
  expect((await agent.view()).pid).toBe(pid);
});

it('ends a turn although its process does not obey', async () => {
  await deploy();
  const { pid } = await agent.view();
  const turn = await beginFamily();
  process.kill(pid, 'SIGSTOP');
  await agent.order('interrupt');
  expect(await agent.ended(turn, OBEYS_WITHIN_MS)).toMatchObject({ state: 'interrupted' });
  await until(() => !isAlive(pid) && familyOf().length === 0);
  expect((await agent.say('next')).response).toBe('Simulated reply 3: next');
});

it('lets an interrupt of an idle agent change nothing', async () => {
  await deploy();
  await agent.order('interrupt');
  await agent.order('interrupt');
  expect((await agent.say('two')).response).toBe('Simulated reply 2: two');
  expect((await agent.say('three')).response).toBe('Simulated reply 3: three');
});

it('replaces a process that is killed while it is idle', async () => {
  await deploy();
  const { pid } = await agent.view();
  process.kill(pid, 'SIGKILL');
  await until(async () => {
    const { pid: now, status } = await agent.view();
    return status === 'idle' && now !== null && now !== pid;
  });
  expect(await agent.view()).toMatchObject({ restarts: 1 });
  expect((await agent.timeline()).map((step) => step.reason)).toContain('process_killed');
  expect((await agent.say('two')).response).toBe('Simulated reply 2: two');
});

it('finishes the turn whose process is killed while it writes', async () => {
  await deploy();
  const { pid } = await agent.view();
  const turn = await agent.begin(script([{ wait_ms: 1_500 }, { text: 'answer {{n}}' }], 'slowly'));
  await until(async () => (await eventsOf(turn, 'session.status_running')).length === 1);
  process.kill(pid, 'SIGKILL');
  expect(await agent.ended(turn)).toMatchObject({ state: 'completed', response: 'answer 2', attempts: 2 });
  expect((await eventsOf(turn, 'agent.message')).map((entry) => entry.content[0].text)).toEqual(['answer 2']);
  expect(await eventsOf(turn, 'user.message')).toHaveLength(1);
  expect((await agent.log()).filter((entry) => entry.type === 'session.status_rescheduled')).toHaveLength(1);
  expect((await agent.say('three')).response).toBe('Simulated reply 3: three');
});

it('finishes the turn whose process is killed under a tool, without running the tool again', async () => {
  await deploy();
  const { pid } = await agent.view();
  // The first second is for the transcript: a call that it does not hold yet the simulator would make once more.
  const slow = 'sleep 1; echo ran >> runs.txt; sleep 7003';
  const turn = await agent.begin(
    script([
      { tool: 'Write', input: { file_path: 'slow.sh', content: slow } },
      { tool: 'Bash', input: { command: 'sh slow.sh' } },
      { text: 'answer {{n}}' },
    ]),
  );
  await until(() => existsSync(join(agent.directory, 'runs.txt')));
  process.kill(pid, 'SIGKILL');
  expect(await agent.ended(turn)).toMatchObject({ state: 'completed', response: 'answer 2', attempts: 2 });
  expect(readFileSync(join(agent.directory, 'runs.txt'), 'utf8')).toBe('ran\n');
  expect(familyOf()).toEqual([]);
  const results = await eventsOf(turn, 'agent.tool_result');
  expect(results.map((entry) => entry.tool_use_id)).toEqual(
    (await eventsOf(turn, 'agent.tool_use')).map((entry) => entry.id),
  );
  expect(JSON.stringify(results.at(-1)?.content)).toContain('its outcome is unknown');
  expect((await agent.say('three')).response).toBe('Simulated reply 3: three');
});

it('gives up on an agent that dies again and again, until somebody starts it', async () => {
  await deploy();
  for (let kills = 0; (await agent.view()).status !== 'error'; kills++) {
    expect(kills).toBeLessThanOrEqual(3);
    await until(async () => ['idle', 'error'].includes((await agent.view()).status));
    const { pid } = await agent.view();
    if (pid === null) continue;
    process.kill(pid, 'SIGKILL');
    await until(async () => (await agent.view()).pid !== pid);
  }
  expect(await agent.view()).toMatchObject({
    status_reason: 'attempts_used_up',
    next_action: expect.any(String),
    pid: null,
  });
  const refused = await agent.post('hello?');
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({ code: 'agent_failed' });
  await agent.order('start');
  expect((await agent.say('two')).response).toBe('Simulated reply 2: two');
});
