import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Platform, script, until } from '../../../tests/support/platform.ts';
import { startTestPlatform } from '../../../tests/support/test-platform.ts';
import { ApiRequestError } from './api-request-error.ts';
import { type Client, createClient } from './create-client.ts';
import type { TurnEvent } from './messages/message.ts';
import { collect } from './testing/collect.ts';

let platform: Platform;
let client: Client;
let agentId: string;

beforeAll(async () => {
  platform = await startTestPlatform({ AGENT_TIMEOUT: '2' });
  client = createClient({ baseUrl: `${platform.url}/`, apiKey: platform.key });
  agentId = (await client.agents.create({ agent_type: 'code', name: 'tester' })).agent_id;
});
afterAll(() => platform?.dispose());

test('an agent is created, found and taken through its lifecycle', async () => {
  const { agent_id: id, status } = await client.agents.create({ agent_type: 'general' }, { auto_start: false });
  expect(status).toBe('stopped');
  const becomes = (wanted: string) => until(async () => (await client.agents.get(id)).status === wanted);

  await client.agents.start(id);
  await becomes('idle');
  const pid = (await client.agents.get(id)).pid;
  await client.agents.restart(id);
  await until(async () => {
    const agent = await client.agents.get(id);
    return agent.status === 'idle' && agent.pid !== pid;
  });
  await client.agents.hibernate(id);
  await becomes('hibernated');
  await client.agents.stop(id);
  await becomes('stopped');
  await client.agents.delete(id);
  await expect(client.agents.get(id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
});

test('a list is its first page when awaited, and every entry of every page when iterated', async () => {
  for (let i = 0; i < 3; i++) await client.agents.create({ agent_type: 'finance' }, { auto_start: false });
  const list = client.agents.list({ agent_type: 'finance', status: 'stopped', limit: 2 });
  const page = await list;
  expect(page.data).toHaveLength(2);
  expect(page.next_cursor).not.toBeNull();
  const ids = (await collect(list)).map((agent) => agent.id);
  expect(new Set(ids).size).toBe(3);
  expect(ids.slice(0, 2)).toEqual(page.data.map((agent) => agent.id));
  expect((await collect(list.pages())).map(({ data }) => data.length)).toEqual([2, 1]);
});

test('a message is answered, kept in the history, and its turn can be read', async () => {
  const answer = await client.messages.send(agentId, 'hello', { context: { place: 'here' } });
  expect(answer.response).toMatch(/^Simulated reply 1: hello/);
  const turn = await client.turns.get(agentId, answer.metadata.turn_id);
  expect(turn).toMatchObject({ state: 'completed', response: answer.response });
  const { data } = await client.messages.list(agentId);
  expect(data[0]?.message).toContain('"place": "here"');

  const accepted = await client.messages.sendAsync(agentId, 'later');
  await until(async () => (await client.turns.get(agentId, accepted.turn_id)).state === 'completed');
});

test('a turn that lasts longer than a request may is asked for until it has ended', async () => {
  const statuses: number[] = [];
  const impatient = createClient({
    baseUrl: platform.url,
    apiKey: platform.key,
    fetch: async (input, init) => {
      const response = await fetch(input, { ...init, headers: { ...(init?.headers as object), prefer: 'wait=0' } });
      statuses.push(response.status);
      return response;
    },
  });
  const before = (await collect(client.messages.list(agentId))).length;
  const answer = await impatient.messages.send(agentId, script([{ wait_ms: 700 }, { text: 'at last' }]));
  expect(answer.response).toBe('at last');
  expect(statuses[0]).toBe(202);
  expect(await collect(client.messages.list(agentId))).toHaveLength(before + 1);
});

test('a stream yields the turn, its live text and its tools, and ends with the answer', async () => {
  const message = script([
    { tool: 'Bash', input: { command: 'echo $((6 * 7))' } },
    { text: 'It is forty-two, which everybody knew.' },
  ]);
  const events: TurnEvent[] = await collect(client.messages.stream(agentId, message));
  expect(events[0]).toMatchObject({ type: 'x.turn_accepted' });
  const tool = events.find((event) => event.type === 'agent.tool_use');
  expect(tool).toMatchObject({ name: 'Bash', input: { command: 'echo $((6 * 7))' } });
  const result = events.find((event) => event.type === 'agent.tool_result');
  expect(result).toMatchObject({ tool_use_id: tool?.id, content: [{ type: 'text', text: '42' }], is_error: false });
  const live = events.flatMap((event) => (event.type === 'event_delta' ? [event.delta.content.text] : [])).join('');
  expect(live).toBe('It is forty-two, which everybody knew.');
  expect(events.at(-1)).toMatchObject({ type: 'x.turn', response: live, turn: { state: 'completed' } });
});

test('a turn that fails is an error of send, and not sent again', async () => {
  const failing = client.messages.send(agentId, script([{ wait_ms: 20_000 }, { text: 'too late' }]));
  await expect(failing).rejects.toMatchObject({
    status: 502,
    code: 'turn_failed',
    detail: expect.stringContaining('AGENT_TIMEOUT'),
  });
  const messages = await collect(client.messages.list(agentId));
  expect(messages.filter((message) => message.state === 'failed')).toHaveLength(1);
});

test('a turn that is interrupted ends its stream', async () => {
  const turn: TurnEvent[] = [];
  for await (const event of client.messages.stream(agentId, script([{ wait_ms: 20_000 }, { text: 'too late' }]))) {
    turn.push(event);
    if (event.type === 'session.status_running') await client.agents.interrupt(agentId);
  }
  expect(turn.map((event) => event.type)).toContain('user.interrupt');
  expect(turn.at(-1)).toMatchObject({ type: 'x.turn', turn: { state: 'interrupted' } });
});

test('the types and the health of the platform', async () => {
  const types = await collect(client.agentTypes.list());
  expect(types.map((type) => type.name)).toContain('code');
  expect(await client.health()).toMatchObject({ status: 'ok', simulated: true });
});

test('errors say what is wrong, with which field, and in which request', async () => {
  // @ts-expect-error: a type that does not exist
  const error = await client.agents.create({ agent_type: 'poet' }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiRequestError);
  expect(error).toMatchObject({ status: 422, code: 'invalid_request', errors: [{ field: 'config.agent_type' }] });
  expect((error as ApiRequestError).requestId).toMatch(/^req_/);
  const stranger = createClient({ baseUrl: platform.url, apiKey: 'wrong' });
  await expect(stranger.agents.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
});

test('a signal ends a call with its own reason', async () => {
  const reason = new Error('enough');
  const ending = new AbortController();
  const stream = client.events.stream(agentId, { after: 0, signal: ending.signal });
  await stream.next();
  ending.abort(reason);
  await expect(collect(stream)).rejects.toBe(reason);
});
