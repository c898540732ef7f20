import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startTestPlatform({ RECOVERY_BACKOFF_SECONDS: '0', MAX_RECOVERY_ATTEMPTS: '10' });
});
afterAll(() => platform?.dispose());

// After a tool, while the model thinks, and before the process that took over has said anything.
it.concurrent.each([
  [
    'while a tool runs',
    [{ tool: 'Bash', input: { command: 'echo line >> n.txt; sleep 30' } }, { text: 'answer {{n}}' }],
  ],
  ['while the model thinks', [{ wait_ms: 3_000 }, { text: 'answer {{n}}' }]],
])('goes on with a turn whose process is killed again and again %s', async (_when, steps) => {
  const agent = await deployAgent(platform);
  await agent.say('one');
  const turn = await agent.begin(script(steps));
  const file = join(agent.directory, 'n.txt');
  const tool = steps.some((step) => 'tool' in step);
  const lines = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0);
  let killed: number | null = null;
  for (let kill = 0; kill < 4; kill++) {
    let pid: number | null = null;
    await until(async () => {
      const view = await agent.view();
      pid = view.pid;
      // The first at its work, the others as soon as they are there.
      return pid !== null && pid !== killed && (kill > 0 || (tool ? lines() > 0 : view.status === 'running'));
    }, 40_000);
    killed = pid;
    process.kill(pid as unknown as number, 'SIGKILL');
  }
  expect(await agent.ended(turn, 60_000)).toMatchObject({ state: 'completed', response: 'answer 2' });

  if (tool) expect(lines()).toBe(1);
  const log = (await agent.log()).filter((event) => event.turn_id === turn);
  expect(log.filter((event) => event.type === 'session.status_idle').length).toBe(1);
  expect((await agent.say('three')).response).toBe('Simulated reply 3: three');
});
