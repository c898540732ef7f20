import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const chance = () => randomBytes(16).toString('hex');
// No shape gives this one away: it is hidden because the settings hold it.
const ADMIN_KEY = `just-a-word-${chance()}`;
const PROVIDER_KEY = `sk-ant-api03-${chance()}`;
const ENV_VALUE = `value-of-agent-${chance()}`;
const PLANTED = [`sk-ant-${chance()}`, `aaas_${chance()}`, `whsec_${chance()}`, `aaas-gw.sesn_x.1.${chance()}`];

let upstream: RecordingUpstream;
let platform: Platform;
let agent: DeployedAgent;
beforeAll(async () => {
  upstream = await startRecordingUpstream();
  platform = await startTestPlatform({
    API_KEY: ADMIN_KEY,
    ANTHROPIC_API_KEY: PROVIDER_KEY,
    ANTHROPIC_BASE_URL: upstream.url,
    LOG_LEVEL: 'trace',
    MAX_RECOVERY_ATTEMPTS: '0',
  });
  agent = await deployAgent(platform, { env: { HARMLESS_NAME: ENV_VALUE } });
});
afterAll(async () => {
  await platform?.dispose();
  await upstream?.close();
});

type Line = Record<string, unknown>;

/** The lines that are JSON; what the server prints for people is not. */
function lines(): Line[] {
  return platform
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
}

async function lineWith(fields: Line): Promise<Line> {
  const find = () => lines().find((line) => Object.entries(fields).every(([name, value]) => line[name] === value));
  await until(() => find() !== undefined);
  return find() as Line;
}

it('writes one line for each request, with who asked for what and how it went', async () => {
  const response = await agent.post('hello');
  const { metadata } = (await response.json()) as { metadata: { turn_id: string } };
  const line = await lineWith({ msg: 'request', request_id: response.headers.get('request-id') });
  expect(line).toMatchObject({
    level: 30,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    operation: 'agents.messages.send',
    method: 'POST',
    route: '/api/v1/agents/:agent_id/messages',
    status: 200,
    duration_ms: expect.any(Number),
    workspace_id: 'wrkspc_default',
    key_id: expect.stringMatching(/^apikey_/),
    agent_id: agent.id,
  });
  // And the turn knows whose it is, wherever it ran.
  expect(await lineWith({ msg: 'turn ended', turn_id: metadata.turn_id })).toMatchObject({
    session_id: agent.sessionId,
    agent_id: agent.id,
    workspace_id: 'wrkspc_default',
    state: 'completed',
  });
  expect(lines().filter((other) => other.request_id === line.request_id && other.msg === 'request')).toHaveLength(1);
});

it('logs what machines ask all the time at debug, and a stream when its client leaves', async () => {
  await (await platform.request('GET', '/health')).text();
  expect(await lineWith({ operation: 'health', msg: 'request' })).toMatchObject({ level: 20 });

  const leave = new AbortController();
  const stream = await fetch(`${platform.url}${agent.path}/events/stream`, {
    headers: { 'x-api-key': ADMIN_KEY },
    signal: leave.signal,
  });
  leave.abort();
  const request_id = stream.headers.get('request-id');
  expect(await lineWith({ msg: 'request', request_id })).toMatchObject({ status: 200, aborted: true });
});

it('tells of the session in what the gateway logs', async () => {
  upstream.refuse('refuse this', 400, () => ({
    type: 'error',
    error: { type: 'invalid_request_error', message: 'no' },
  }));
  await agent.post('refuse this');
  const ids = { session_id: agent.sessionId, agent_id: agent.id, workspace_id: 'wrkspc_default' };
  expect(await lineWith({ msg: 'a model request failed' })).toMatchObject({ part: 'gateway', status: 400, ...ids });
});

it('keeps every secret out, wherever it was planted', async () => {
  for (const secret of PLANTED) {
    await (await platform.request('GET', `/api/v1/agents/${secret}?api_key=${secret}`)).text();
    await (await platform.request('GET', `/${secret}/${secret}`)).text();
    await (await platform.request('POST', '/api/v1/agents', { config: { agent_type: secret } })).text();
    const wrong = { 'x-api-key': secret, authorization: `Bearer ${secret}` };
    expect((await platform.request('GET', '/api/v1/agents', undefined, wrong)).status).toBe(401);
    upstream.refuse(`quote ${secret}`, 400, (headers) => ({
      type: 'error',
      error: { type: 'invalid_request_error', message: `${headers['x-api-key']} said ${secret}` },
    }));
    await (await agent.post(`quote ${secret}`)).text();
  }
  await (await agent.post(script([{ tool: 'Bash', input: { command: 'kill -9 $PPID' } }]))).text();
  await lineWith({ msg: 'session moved', reason: 'attempts_used_up' });
  await lineWith({ msg: 'request', status: 401 });
  const output = platform.output();
  for (const secret of [ADMIN_KEY, PROVIDER_KEY, ENV_VALUE, ...PLANTED]) expect(output).not.toContain(secret);
  expect(output).not.toMatch(/aaas-gw\.sesn_\w+\.\d+\.[\w-]{20,}/);
});

it('stops the lines of requests when LOG_REQUESTS is false', async () => {
  await platform.json('PATCH', '/api/v1/settings', { LOG_REQUESTS: false });
  const response = await platform.request('GET', '/api/v1/agents');
  await response.text();
  await platform.json('PATCH', '/api/v1/settings', { LOG_REQUESTS: true });
  const after = await platform.request('GET', '/api/v1/agents');
  await after.text();
  await lineWith({ msg: 'request', request_id: after.headers.get('request-id') });
  expect(lines().some((line) => line.request_id === response.headers.get('request-id') && line.msg === 'request')).toBe(
    false,
  );
});
