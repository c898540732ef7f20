import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, type LogEntry } from '../support/deployed-agent.ts';
import { type Platform, script } from '../support/platform.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let upstream: RecordingUpstream;
let platform: Platform;
let agent: DeployedAgent;
let messages = 0;
beforeAll(async () => {
  upstream = await startRecordingUpstream();
  platform = await startTestPlatform({
    ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: 'sk-ant-any',
    RECOVERY_BACKOFF_SECONDS: '0',
    UPSTREAM_OUTAGE_SECONDS: '0',
  });
  agent = await deployAgent(platform);
});
afterAll(async () => {
  await platform?.dispose();
  await upstream?.close();
});

// Longer than the gateway waits for anybody: it passes the error on at once.
const TOO_LONG_S = 3_600;

/** The number of the next reply, if everything before it was remembered once. */
const nextNumber = () => ++messages;
const newest = async () => (await platform.json('GET', `${agent.path}/messages?limit=100`)).data.at(-1);
const eventsOf = async (turn: string) => (await agent.log()).filter((entry) => entry.turn_id === turn);
const ofType = (log: LogEntry[], type: string) => log.filter((entry) => entry.type === type);

describe.each([429, 500, 529])('an upstream that answers %i', (status) => {
  it('is asked again by the gateway, and nobody notices', async () => {
    const n = nextNumber();
    const name = `overcome ${status}`;
    const answer = await agent.say(script([{ error: status, times: 2 }, { text: 'answer {{n}}' }], name));
    expect(answer.response).toBe(`answer ${n}`);
    expect(upstream.asked(name)).toHaveLength(3);
    const log = await eventsOf(answer.metadata.turn_id);
    expect(ofType(log, 'session.error')).toEqual([]);
    expect(ofType(log, 'session.status_rescheduled')).toEqual([]);
    expect(ofType(log, 'span.model_request_start')).toHaveLength(1);
  });
});

it('heeds retry-after', async () => {
  const n = nextNumber();
  const answer = await agent.say(script([{ error: 429, retry_after: 2 }, { text: 'answer {{n}}' }], 'patience'));
  expect(answer.response).toBe(`answer ${n}`);
  expect(answer.metadata.duration_ms).toBeGreaterThanOrEqual(2_000);
  expect(upstream.asked('patience')).toHaveLength(2);
});

describe.each([
  ['an error in mid-stream', { error: 529, mid_stream: true }],
  ['a connection that is cut in mid-stream', { drop: true }],
])('%s', (name, fault) => {
  it('makes the harness try the turn again, and the answer comes once', async () => {
    const n = nextNumber();
    const answer = await agent.say(script([fault, { text: 'a rather long answer with number {{n}}' }], name));
    expect(answer.response).toBe(`a rather long answer with number ${n}`);
    const log = await eventsOf(answer.metadata.turn_id);
    expect(ofType(log, 'agent.message').map((entry) => entry.content[0].text)).toEqual([answer.response]);
    expect(ofType(log, 'session.error').map((entry) => entry.error)).toEqual([
      { type: expect.any(String), message: expect.any(String), retry_status: { type: 'retrying' } },
    ]);
    const types = log.map((entry) => entry.type);
    expect(types.indexOf('session.status_rescheduled')).toBe(types.indexOf('session.error') + 1);
    expect(ofType(log, 'session.status_idle')).toHaveLength(1);
  });
});

it('goes on behind the tools that have run when the model fails after them', async () => {
  const n = nextNumber();
  const steps = [
    { tool: 'Bash', input: { command: 'echo ran >> after.txt; cat after.txt' } },
    { drop: true },
    { text: '{{n}}: {{tool_result}}' },
  ];
  const answer = await agent.say(script(steps, 'fails after a tool'));
  expect(answer.response).toBe(`${n}: ran`);
  const log = await eventsOf(answer.metadata.turn_id);
  expect(ofType(log, 'agent.tool_use')).toHaveLength(1);
  expect(ofType(log, 'agent.tool_result')).toHaveLength(1);
  expect(ofType(log, 'session.error')).toHaveLength(1);
});

it('fails a turn whose upstream does not come back, and answers the next message', async () => {
  nextNumber();
  const response = await agent.post(script([{ error: 529, times: 1_000, retry_after: TOO_LONG_S }], 'hopeless'));
  expect(response.status).toBe(502);
  const problem = (await response.json()) as { detail: string };
  expect(problem).toMatchObject({ code: 'turn_failed', status: 502 });
  const { turn_id: turn } = await newest();
  expect(problem.detail).toContain(turn);
  expect(await agent.turn(turn)).toMatchObject({
    state: 'failed',
    stop_reason: 'retries_exhausted',
    response: null,
    error: { type: 'model_overloaded_error', message: expect.any(String) },
  });
  const log = await eventsOf(turn);
  // Nothing was passed on, so the gateway's word stands: the harness does not try again.
  expect(ofType(log, 'session.error').map((entry) => entry.error.retry_status)).toEqual([{ type: 'exhausted' }]);
  expect(ofType(log, 'session.status_idle').map((entry) => entry.stop_reason)).toEqual([{ type: 'retries_exhausted' }]);
  await agent.reaches('idle');

  const n = nextNumber();
  expect((await agent.say('back again')).response).toBe(`Simulated reply ${n}: back again`);
});

it('does not try again what no attempt can mend', async () => {
  nextNumber();
  upstream.refuse('forbidden fruit', 402, () => ({
    type: 'error',
    error: { type: 'invalid_request_error', message: 'This model may not use the fruit.' },
  }));
  const response = await agent.post('forbidden fruit');
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({
    code: 'turn_failed',
    detail: expect.stringContaining('may not use the fruit'),
  });
  expect(upstream.asked('forbidden fruit')).toHaveLength(1);
  expect(ofType(await eventsOf((await newest()).turn_id), 'session.status_rescheduled')).toEqual([]);
});

it('counts for a turn what its model requests used', async () => {
  const fresh = await deployAgent(platform);
  const bash = (command: string) => ({ tool: 'Bash', input: { command } });
  const steps = [{ text: 'First. ' }, bash('echo one'), bash('echo two'), { text: 'Done.' }];
  const { metadata } = await fresh.say(script(steps));
  const ends = (await fresh.log()).filter((entry) => entry.type === 'span.model_request_end');
  expect(ends).toHaveLength(3);
  const sum = (key: string) => ends.reduce((total, entry) => total + entry.model_usage[key], 0);
  expect(metadata.usage).toEqual({
    input_tokens: sum('input_tokens'),
    output_tokens: sum('output_tokens'),
    cache_read_input_tokens: sum('cache_read_input_tokens'),
    cache_creation_input_tokens: sum('cache_creation_input_tokens'),
  });
  expect(sum('input_tokens')).toBeGreaterThan(0);
  expect(sum('output_tokens')).toBeGreaterThan(0);

  await fresh.say('more');
  const { usage } = await fresh.view();
  const all = (await fresh.log()).filter((entry) => entry.type === 'span.model_request_end');
  expect(usage.output_tokens).toBe(all.reduce((total, entry) => total + entry.model_usage.output_tokens, 0));
  const session = await platform.json('GET', `/v1/sessions/${fresh.sessionId}`);
  expect(session.usage.output_tokens).toBe(usage.output_tokens);
});
