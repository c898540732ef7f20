import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { findProcesses, isAlive } from '../support/processes.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
let agent: DeployedAgent;
beforeAll(async () => {
  platform = await startTestPlatform({ REAPER_INTERVAL: '1', INTERRUPT_TIMEOUT: '30' });
  agent = await deployAgent(platform);
});
afterAll(() => platform?.dispose());

const bash = (command: string) => ({ tool: 'Bash', input: { command } });
/** A daemon as they are made: a session of its own, and a parent that is gone. */
const daemon = (seconds: number) => `(setsid sleep ${seconds} >/dev/null 2>&1 </dev/null &)`;
const running = (command: string) => findProcesses(agent.root).some((found) => found.command === command);

async function gauge(name: string): Promise<number> {
  const text = await (await platform.request('GET', '/metrics')).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

it('leaves what a turn has put into the background, except when it is interrupted', async () => {
  await agent.say(script([bash(daemon(7101)), { text: 'started' }]));
  expect(running('sleep 7101')).toBe(true);
  const { pid } = await agent.view();

  const work = 'sleep 7103';
  const turn = await agent.begin(
    script([{ tool: 'Write', input: { file_path: 'work.sh', content: work } }, bash(`${daemon(7102)}; sh work.sh`)]),
  );
  await until(() => running('sleep 7102') && running('sleep 7103'), 30_000);
  await agent.order('interrupt');
  expect(await agent.ended(turn)).toMatchObject({ state: 'interrupted' });
  await until(() => !running('sleep 7102') && !running('sleep 7103'));
  expect(running('sleep 7101')).toBe(true);
  expect((await agent.view()).pid).toBe(pid);
  expect((await agent.say('hello')).response).toContain('hello');
  expect([await gauge('aaas_sandboxes_owned'), await gauge('aaas_sandboxes_observed')]).toEqual([1, 1]);
});

it('says that an agent has stopped when nothing of it is left', async () => {
  await agent.order('stop');
  await agent.reaches('stopped');
  expect(findProcesses(agent.root)).toEqual([]);
  expect([await gauge('aaas_sandboxes_owned'), await gauge('aaas_sandboxes_observed')]).toEqual([0, 0]);
  expect(isAlive(platform.pid)).toBe(true);
});

it('finds and kills what nobody owns', async () => {
  const node = readFileSync(join(platform.dataDir, 'node.id'), 'utf8').trim();
  const stray = spawn('sleep', ['7104'], {
    env: { PATH: process.env.PATH, AAAS_SANDBOX: `${node}/1/sesn_gone/7/1/` },
    stdio: 'ignore',
    detached: true,
  });
  const [, signal] = await once(stray, 'exit');
  expect(signal).toBe('SIGKILL');
  await until(async () => (await gauge('aaas_processes_reaped_total')) >= 1);
});
