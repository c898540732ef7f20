import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let upstream: RecordingUpstream;
let proxy: FaultProxy;
let platform: Platform;
let agent: DeployedAgent;
beforeAll(async () => {
  upstream = await startRecordingUpstream();
  proxy = await startFaultProxy(Number(new URL(upstream.url).port));
  platform = await startTestPlatform({
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${proxy.port}`,
    ANTHROPIC_API_KEY: 'sk-ant-any',
    UPSTREAM_BREAKER_SECONDS: '1',
  });
  agent = await deployAgent(platform);
});
afterAll(async () => {
  await platform?.dispose();
  await proxy?.close();
  await upstream?.close();
});

it('lets a turn wait while no provider answers, behind the tools that have run, and finish once', {
  timeout: 180_000,
}, async () => {
  await agent.say('one');
  const turn = await agent.begin(
    script([
      { tool: 'Bash', input: { command: 'echo ran >> ran.txt; while [ ! -e go ]; do sleep 0.05; done; cat ran.txt' } },
      { text: '{{n}}: {{tool_result}}' },
    ]),
  );
  await until(async () => (await agent.log()).some((event) => event.type === 'agent.tool_use'));
  await proxy.refuse();
  await platform.request('PUT', `${agent.path}/files/go`, '');

  await agent.reaches('recovering', 90_000);
  const waiting = await agent.view();
  expect(waiting).toMatchObject({ status_reason: 'provider_down', pid: null });
  expect(waiting.next_action).toMatch(/^ask the model again at \d{4}-\d\d-\d\dT/);
  expect((await platform.json('GET', `/v1/sessions/${agent.sessionId}`)).status).toBe('rescheduling');
  expect(await agent.turn(turn)).toMatchObject({ state: 'running' });

  await proxy.restore();
  expect(await agent.ended(turn, 120_000)).toMatchObject({ state: 'completed', response: '2: ran' });
  const log = (await agent.log()).filter((event) => event.turn_id === turn);
  const count = (type: string) => log.filter((event) => event.type === type).length;
  expect([count('agent.tool_use'), count('agent.tool_result'), count('agent.message')]).toEqual([1, 1, 1]);
  expect(count('session.status_rescheduled')).toBeGreaterThan(0);
  expect(count('session.status_idle')).toBe(1);
  expect((await agent.view()).failed_starts ?? 0).toBe(0);
  expect((await agent.say('three')).response).toBe('Simulated reply 3: three');
});
