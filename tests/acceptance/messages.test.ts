import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { collectFrames, type Frame } from '../support/sse.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
let agent: DeployedAgent;
beforeAll(async () => {
  platform = await startTestPlatform();
  agent = await deployAgent(platform, { name: 'talker' });
});
afterAll(() => platform?.dispose());

const stream = { accept: 'text/event-stream' };
const turnsOf = async (of: DeployedAgent) => (await platform.json('GET', `${of.path}/messages?limit=100`)).data;

it('answers with the documented shape', async () => {
  const response = await agent.post('hello');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(response.headers.get('request-id')).toMatch(/^req_/);
  const answer = (await response.json()) as Record<string, unknown>;
  expect(answer).toEqual({
    agent_id: agent.id,
    session_id: agent.sessionId,
    response: 'Simulated reply 1: hello',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    metadata: {
      turn_id: expect.stringMatching(/^turn_/),
      stop_reason: 'end_turn',
      messages_count: 1,
      usage: {
        input_tokens: expect.any(Number),
        output_tokens: expect.any(Number),
        cache_read_input_tokens: expect.any(Number),
        cache_creation_input_tokens: expect.any(Number),
      },
      cost_usd: expect.any(Number),
      duration_ms: expect.any(Number),
      model: (await agent.view()).config.model,
    },
  });
});

it('remembers the conversation', async () => {
  const fresh = await deployAgent(platform);
  for (const n of [1, 2, 3])
    expect((await fresh.say(`message ${n}`)).response).toBe(`Simulated reply ${n}: message ${n}`);
  expect((await fresh.view()).messages_count).toBe(3);
});

it('streams a turn: its events under their sequence, its text as it is written, the turn at last', async () => {
  const steps = [
    { text: 'Let me look. ' },
    { tool: 'Bash', input: { command: 'echo seen' } },
    { text: 'It says: {{tool_result}}' },
  ];
  const response = await agent.post(script(steps), stream);
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const frames = await collectFrames(response);

  const turn = frames[0]?.data.turn_id;
  expect(frames[0]).toMatchObject({ event: 'x.turn_accepted', id: null });
  const logged = (await agent.log()).filter((entry) => entry.turn_id === turn && entry.type !== 'x.lifecycle');
  const shown = frames.filter((frame) => frame.id !== null && frame.event !== 'x.lifecycle');
  expect(shown.map((frame) => frame.data)).toEqual(logged);

  const messages = logged.filter((entry) => entry.type === 'agent.message');
  expect(messages.map((entry) => entry.content[0].text)).toEqual(['Let me look. ', 'It says: seen']);
  for (const message of messages) expect(liveText(frames, message.id)).toBe(message.content[0].text);
  // Live text is worth something only before the event that holds all of it.
  expect(frames.findIndex((frame) => frame.event === 'event_delta')).toBeLessThan(
    frames.findIndex((frame) => frame.event === 'agent.message'),
  );
  const use = frames.find((frame) => frame.event === 'agent.tool_use')?.data;
  expect(use).toMatchObject({ name: 'Bash', input: { command: 'echo seen' }, evaluated_permission: 'allow' });
  expect(frames.find((frame) => frame.event === 'agent.tool_result')?.data).toMatchObject({
    tool_use_id: use.id,
    is_error: false,
  });

  const last = frames.at(-1);
  expect(last).toMatchObject({
    event: 'x.turn',
    id: null,
    data: { agent_id: agent.id, turn: { id: turn, state: 'completed' } },
  });
  expect(last?.data.response).toContain('It says: seen');
});

it('shows the whole log to who comes late, and the rest to who comes back', async () => {
  await agent.say('something to look at');
  const log = await agent.log();
  const follow = async (query: string, headers: Record<string, string>) => {
    const response = await platform.request('GET', `${agent.path}/events/stream${query}`, undefined, headers);
    return (await collectFrames(response, (frame) => Number(frame.id) === log.length)).map((frame) => frame.data);
  };
  expect(log.map((entry) => entry.seq)).toEqual(log.map((_, index) => index + 1));
  expect(await follow('?after=0', {})).toEqual(log);
  expect(await follow('', { 'last-event-id': '5' })).toEqual(log.slice(5));
  // What a browser sends when it connects again outranks the address that it was given.
  expect(await follow('?after=0', { 'last-event-id': '7' })).toEqual(log.slice(7));
});

it('hands out a turn at once with Prefer: respond-async', async () => {
  const response = await agent.post(script([{ wait_ms: 300 }, { text: 'late' }]), { prefer: 'respond-async' });
  expect(response.status).toBe(202);
  const accepted = (await response.json()) as { turn_id: string; endpoint: string };
  expect(accepted).toEqual({
    turn_id: expect.any(String),
    state: 'queued',
    queue_position: 1,
    endpoint: `${agent.path}/turns/${accepted.turn_id}`,
  });
  expect(response.headers.get('location')).toBe(accepted.endpoint);
  expect(await agent.ended(accepted.turn_id)).toMatchObject({
    state: 'completed',
    response: 'late',
    stop_reason: 'end_turn',
    attempts: 1,
  });
});

it('gives up waiting after Prefer: wait, and the turn ends all the same', async () => {
  const response = await agent.post(script([{ wait_ms: 3_000 }, { text: 'worth the wait' }]), { prefer: 'wait=1' });
  expect(response.status).toBe(202);
  const { turn_id: turn, state } = (await response.json()) as { turn_id: string; state: string };
  expect(state).toBe('running');
  expect(await agent.ended(turn)).toMatchObject({ state: 'completed', response: 'worth the wait' });
});

it('makes one turn of any number of requests with one Idempotency-Key', async () => {
  const one = await deployAgent(platform);
  const message = script([{ wait_ms: 500 }, { text: 'answer {{n}}' }]);
  const key = { 'idempotency-key': 'the-key' };
  const answers = await Promise.all(Array.from({ length: 5 }, () => one.say(message, key)));
  answers.push(await one.say(message, key));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]?.response).toBe('answer 1');

  const streamed = await collectFrames(await one.post(message, { ...key, ...stream }));
  expect(streamed.at(-1)?.data.response).toBe('answer 1');
  expect(await turnsOf(one)).toHaveLength(1);
  expect((await one.log()).filter((entry) => entry.type === 'user.message')).toHaveLength(1);
});

it('answers a late retry as it answered the first time', async () => {
  const key = { 'idempotency-key': 'late' };
  const first = await agent.say('once', key);
  await agent.say('something in between');
  expect(await agent.say('once', key)).toEqual(first);
});

it('refuses an Idempotency-Key that comes with another body', async () => {
  const key = { 'idempotency-key': 'reused' };
  await agent.say('the first', key);
  for (const body of [{ message: 'the second' }, { message: 'the first', context: { new: true } }]) {
    const response = await platform.request('POST', `${agent.path}/messages`, body, key);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'idempotency_mismatch' });
  }
});

it('gives the context of a message to the agent', async () => {
  const body = { message: 'who am I?', context: { customer: 'Ada', tags: ['first', 'last'] } };
  const { response } = await platform.json('POST', `${agent.path}/messages`, body);
  for (const part of ['who am I?', 'customer', 'Ada', 'first', 'last']) expect(response).toContain(part);
});

it('answers fifty messages at once to each of two agents, in order and never mixed', { timeout: 120_000 }, async () => {
  const count = 50;
  const agents = await Promise.all(
    ['left', 'right'].map(async (name) => ({ name, agent: await deployAgent(platform, { name }) })),
  );
  const sent = agents.flatMap(({ name, agent }) =>
    Array.from({ length: count }, async (_, index) => ({
      message: `${name} ${index}`,
      answer: await agent.say(`${name} ${index}`),
    })),
  );
  for (const { message, answer } of await Promise.all(sent)) {
    expect(answer.response).toMatch(new RegExp(`^Simulated reply \\d+: ${message}$`));
  }
  for (const { agent } of agents) {
    const turns = (await turnsOf(agent)) as { message: string; response: string; state: string }[];
    expect(turns).toHaveLength(count);
    expect(turns.map((turn) => turn.response)).toEqual(
      turns.map((turn, index) => `Simulated reply ${index + 1}: ${turn.message}`),
    );
    const log = await agent.log();
    expect(log.map((entry) => entry.seq)).toEqual(log.map((_, index) => index + 1));
    expect((await agent.view()).messages_count).toBe(count);
  }
});

it('lets a tool write into the directory of its agent, where the next turn finds it', async () => {
  const other = await deployAgent(platform);
  await agent.say(script([{ tool: 'Write', input: { file_path: 'note.txt', content: 'kept' } }]));
  expect(readFileSync(join(agent.directory, 'note.txt'), 'utf8')).toBe('kept');
  const read = script([
    { tool: 'Bash', input: { command: 'cat note.txt || echo nothing' } },
    { text: '{{tool_result}}' },
  ]);
  expect((await agent.say(read)).response).toBe('kept');
  expect((await other.say(read)).response).toContain('nothing');
});

describe('with MAX_QUEUED_MESSAGES=3', () => {
  let small: Platform;
  beforeAll(async () => {
    small = await startTestPlatform({ MAX_QUEUED_MESSAGES: '3' });
  });
  afterAll(() => small?.dispose());

  /** An agent in the middle of a turn. */
  async function busyAgent(forMs: number): Promise<DeployedAgent> {
    const busy = await deployAgent(small);
    const running = await busy.begin(script([{ wait_ms: forMs }, { text: 'first' }]));
    await until(async () => (await busy.turn(running)).state === 'running');
    return busy;
  }

  it('refuses more messages than may wait, and takes them again later', async () => {
    const busy = await busyAgent(2_000);
    const waiting = [await busy.begin('second'), await busy.begin('third'), await busy.begin('fourth')];
    expect((await busy.view()).messages_waiting).toBe(3);

    const refused = await busy.post('one too many');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'queue_full', retryable: true });

    for (const [index, turn] of waiting.entries()) {
      expect((await busy.ended(turn)).response).toMatch(new RegExp(`^Simulated reply ${index + 2}: `));
    }
    expect((await busy.say('fifth')).response).toBe('Simulated reply 5: fifth');
  });

  it('keeps to the bound when many messages come at the same time', async () => {
    // Longer than they may take to come: a turn that ends makes room.
    const busy = await busyAgent(60_000);
    // Now the server has as many connections to its database as it may: the messages meet there all at once.
    await Promise.all(Array.from({ length: 200 }, () => busy.view()));
    const asked = Array.from({ length: 200 }, () => busy.post('me too', { prefer: 'respond-async' }));
    const statuses = (await Promise.all(asked)).map((response) => response.status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(197);
    await small.request('DELETE', `/api/v1/agents/${busy.id}`);
  });
});

/** The pieces that were shown of an event while it was written. */
function liveText(frames: Frame[], id: string): string {
  expect(frames.filter((frame) => frame.event === 'event_start' && frame.data.event.id === id)).toHaveLength(1);
  const pieces = frames.filter((frame) => frame.event === 'event_delta' && frame.data.event_id === id);
  return pieces.map((frame) => frame.data.delta.content.text).join('');
}
