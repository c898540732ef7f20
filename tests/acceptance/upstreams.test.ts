import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const KEY = 'sk-of-the-second-upstream';

let first: RecordingUpstream;
let second: RecordingUpstream;
let platform: Platform;
let agent: DeployedAgent;
beforeAll(async () => {
  [first, second] = await Promise.all([startRecordingUpstream(), startRecordingUpstream()]);
  const upstreams = [
    { name: 'first', base_url: first.url, api_key: 'sk-of-the-first-upstream' },
    {
      name: 'second',
      base_url: second.url,
      api_key_env: 'SECOND_KEY',
      auth: 'bearer',
      models: { 'claude-sonnet-5-5': 'vendor/sonnet', '*': '*' },
    },
  ];
  platform = await startTestPlatform({
    UPSTREAMS: JSON.stringify(upstreams),
    SECOND_KEY: KEY,
    UPSTREAM_BREAKER_FAILURES: '3',
    RECOVERY_BACKOFF_SECONDS: '0',
  });
  agent = await deployAgent(platform);
});
afterAll(async () => {
  await platform?.dispose();
  await first?.close().catch(() => {});
  await second?.close();
});

it('lists the models of both, and refuses an agent whose model neither has', async () => {
  const list = await platform.json('GET', '/api/v1/models');
  expect(list.unlisted_upstreams).toEqual([]);
  expect(list.data.find(({ id }: { id: string }) => id === 'claude-sonnet-5-5')).toMatchObject({
    upstreams: [
      { name: 'first', model: 'claude-sonnet-5-5' },
      { name: 'second', model: 'vendor/sonnet' },
    ],
    price: { input: 2, output: 10 },
    simulated: false,
  });
  const refused = await platform.request('POST', '/api/v1/agents', {
    config: { agent_type: 'code', model: 'claude-sonet-5-5' },
  });
  expect(refused.status).toBe(422);
  const { errors } = (await refused.json()) as { errors: { field: string; message: string }[] };
  expect(errors).toEqual([{ field: 'config.model', message: expect.stringContaining('claude-sonnet-5-5') }]);
});

it('ends a turn at the second upstream when the first one dies in the middle of it', async () => {
  const steps = [
    { tool: 'Bash', input: { command: 'while [ ! -e go ]; do sleep 0.05; done; echo ran' } },
    { text: 'the tool has {{tool_result}}' },
  ];
  const turn = await agent.begin(script(steps, 'outlive'));
  await until(async () => (await agent.log()).some((entry) => entry.type === 'agent.tool_use'));
  expect(first.asked('outlive')).toHaveLength(1);
  await first.close();
  writeFileSync(join(agent.directory, 'go'), '');
  expect(await agent.ended(turn)).toMatchObject({ state: 'completed', response: 'the tool has ran' });
  const [request] = second.asked('outlive');
  expect(request?.body.model).toBe('vendor/sonnet');
  expect(request?.headers).toMatchObject({ authorization: `Bearer ${KEY}` });
  expect(request?.headers).not.toHaveProperty('x-api-key');
  // Nobody notices: no error in the log, and no second process.
  const types = (await agent.log()).map((entry) => entry.type);
  expect(types).not.toContain('session.error');
  expect(types).not.toContain('session.status_rescheduled');
});

it('says in its health who is left alone, and no address', async () => {
  const health = await platform.json('GET', '/health');
  expect(health.upstreams).toEqual([
    { name: 'first', state: 'open' },
    { name: 'second', state: 'closed' },
  ]);
  expect(health.status).toBe('ok');
});

it('fails a turn in plain words when nobody accepts the platform’s key', async () => {
  second.refuse('whose key', 401, (headers) => ({
    type: 'error',
    error: { type: 'authentication_error', message: `invalid key ${headers.authorization}` },
  }));
  const response = await agent.post('whose key');
  expect(response.status).toBe(502);
  const text = await response.text();
  expect(text).toContain("The platform's model provider refused its key; the operator must mend it.");
  expect(text).not.toMatch(/invalid api key|\/login|try again|127\.0\.0\.1/i);
  expect(second.asked('whose key')).toHaveLength(1);
  await until(() => platform.output().includes('a model provider refuses its key'));
  expect(platform.output()).toContain('[redacted]');
  expect(text + platform.output()).not.toContain(KEY);
  expect((await agent.say('again')).response).toContain('again');
});
