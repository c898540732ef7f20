import type Anthropic from '@anthropic-ai/sdk';
import { accumulateManagedAgentsEvent } from '@anthropic-ai/sdk/lib/sessions/accumulate';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployAgent } from '../support/deployed-agent.ts';
import {
  AGENT_KEYS,
  idOf,
  listEvents,
  officialClient,
  readTurns,
  readUntil,
  SESSION_KEYS,
  textOf,
  userMessage,
} from '../support/managed-client.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
let client: Anthropic;
beforeAll(async () => {
  platform = await startTestPlatform();
  client = officialClient(platform);
});
afterAll(() => platform?.dispose());

const events = () => client.beta.sessions.events;

it('retrieves the session of a deployed agent with every key of its type', async () => {
  const agent = await deployAgent(platform, { name: 'known', system_prompt: 'You are known.' });
  const session = await client.beta.sessions.retrieve(agent.sessionId);
  for (const key of SESSION_KEYS) expect([key, key in session]).toEqual([key, true]);
  for (const key of AGENT_KEYS) expect([key, key in session.agent]).toEqual([key, true]);
  expect(session).toMatchObject({
    id: agent.sessionId,
    type: 'session',
    status: 'idle',
    archived_at: null,
    agent: {
      id: agent.id,
      type: 'agent',
      version: 1,
      name: 'known',
      system: 'You are known.',
      mcp_servers: [],
      skills: [],
    },
    resources: [],
    vault_ids: [],
  });
  expect(session.agent.tools).toEqual([
    expect.objectContaining({ type: 'agent_toolset_20260401', configs: expect.any(Array) }),
  ]);
  expect(Date.parse(session.created_at)).toBeLessThanOrEqual(Date.parse(session.updated_at));
});

it('streams a whole turn in the documented order, its message twice', async () => {
  const agent = await deployAgent(platform);
  const stream = await events().stream(agent.sessionId);
  const sent = await events().send(agent.sessionId, {
    events: [userMessage(script([{ tool: 'Bash', input: { command: 'echo hi' } }, { text: 'Done.' }]))],
  });
  expect(sent.data).toEqual([
    { ...userMessage(expect.any(String)), id: expect.stringMatching(/^sevt_/), processed_at: null },
  ]);
  const seen = await readTurns(stream);

  const twice = seen.filter((event) => event.type === 'user.message');
  expect(twice.map((event) => [event.id, event.processed_at])).toEqual([
    [sent.data?.[0]?.id, null],
    [sent.data?.[0]?.id, expect.any(String)],
  ]);
  // The place of tool events relative to the end of their request is not promised.
  const order = seen.map((event) => event.type).filter((type) => !type.startsWith('agent.tool_'));
  const request = ['span.model_request_start', 'span.model_request_end'];
  expect(order).toEqual([
    ...['user.message', 'user.message', 'session.status_running', 'session.thread_status_running'],
    ...[...request, request[0], 'agent.message', request[1]],
    ...['session.thread_status_idle', 'session.usage', 'session.status_idle'],
  ]);
  const use = seen.find((event) => event.type === 'agent.tool_use');
  const result = seen.find((event) => event.type === 'agent.tool_result');
  expect(use).toMatchObject({ input: { command: 'echo hi' } });
  expect(result).toMatchObject({ tool_use_id: use?.id, is_error: false, content: [{ type: 'text', text: 'hi' }] });
  expect(seen.at(-1)).toMatchObject({
    type: 'session.status_idle',
    stop_reason: { type: 'end_turn' },
    stop_details: null,
  });
  expect((await client.beta.sessions.retrieve(agent.sessionId)).status).toBe('idle');
});

it('calls a tool by the name under which the session lists it', async () => {
  const { sessionId } = await deployAgent(platform);
  const stream = await events().stream(sessionId);
  await events().send(sessionId, { events: [userMessage(script([{ tool: 'Bash', input: { command: 'echo hi' } }]))] });
  const use = (await readTurns(stream)).find((event) => event.type === 'agent.tool_use');
  const [toolset] = (await client.beta.sessions.retrieve(sessionId)).agent.tools;
  const names = toolset?.type === 'agent_toolset_20260401' ? toolset.configs.map((config) => config.name) : [];
  expect(names).toContain(use?.name);
});

it('previews what is being written to those who ask, and to nobody else', async () => {
  const { sessionId } = await deployAgent(platform);
  const asking = await events().stream(sessionId, { event_deltas: ['agent.message', 'agent.thinking'] });
  const silent = await events().stream(sessionId);
  const text = 'One word after the other. '.repeat(20);
  await events().send(sessionId, {
    events: [userMessage(script([{ thinking: 'hm' }, { tokens_per_second: 500 }, { text }]))],
  });
  const [seen, plain] = await Promise.all([readTurns(asking), readTurns(silent)]);

  const placeOf = (type: string) => seen.findIndex((event) => event.type === type);
  const final = placeOf('agent.message');
  let preview: Parameters<typeof accumulateManagedAgentsEvent>[0];
  for (const event of seen.slice(0, final)) preview = accumulateManagedAgentsEvent(preview, event);
  expect(preview).toMatchObject({ id: idOf(seen[final]), content: [{ type: 'text', text }] });
  expect(textOf(seen[final] as object)).toBe(text);
  expect(seen.filter((event) => event.type === 'event_delta').length).toBeGreaterThan(5);
  const started = seen.filter((event) => event.type === 'event_start').map((event) => event.event);
  expect(started).toEqual(['agent.thinking', 'agent.message'].map((type) => ({ type, id: idOf(seen[placeOf(type)]) })));
  expect(plain.filter((event) => event.type.startsWith('event_'))).toEqual([]);
});

it('takes several messages at once, lists them while they wait, and answers them in order', async () => {
  const { sessionId } = await deployAgent(platform);
  const stream = await events().stream(sessionId);
  const { data } = await events().send(sessionId, {
    events: [userMessage(script([{ wait_ms: 1_500 }, { text: 'one' }])), userMessage('two'), userMessage('three')],
  });
  const ids = data?.map((event) => event.id);
  await until(async () => (await client.beta.sessions.retrieve(sessionId)).status === 'running');
  const waiting = (await listEvents(client, sessionId)).slice(-2);
  expect(waiting.map((event) => [event.id, event.processed_at])).toEqual([
    [ids?.[1], null],
    [ids?.[2], null],
  ]);
  expect((await listEvents(client, sessionId, { order: 'desc', limit: 1 }))[0]?.id).toBe(ids?.[2]);

  const seen = await readTurns(stream, 3);
  const consumed = seen.filter((event) => event.type === 'user.message' && event.processed_at !== null);
  expect(consumed.map((event) => 'id' in event && event.id)).toEqual(ids);
  expect(seen.filter((event) => event.type === 'agent.message').map(textOf)).toEqual([
    'one',
    'Simulated reply 2: two',
    'Simulated reply 3: three',
  ]);
});

it('interrupts ahead of the queue, and goes on with what waits', async () => {
  const { sessionId } = await deployAgent(platform);
  const stream = await events().stream(sessionId, { event_deltas: ['agent.message'] });
  await events().send(sessionId, {
    events: [userMessage(script([{ text: 'Begun. ' }, { stall: true }])), userMessage('after that')],
  });
  const begun = await readUntil(stream, (event) => event.type === 'event_delta');
  expect(begun.some((event) => event.type === 'session.status_running')).toBe(true);

  const rest = await events().stream(sessionId);
  const { data } = await events().send(sessionId, { events: [{ type: 'user.interrupt' }] });
  const seen = await readTurns(rest, 2);
  const types = seen.map((event) => event.type);
  expect(
    seen.filter((event) => event.type === 'user.interrupt').map((event) => [event.id, event.processed_at]),
  ).toEqual([
    [data?.[0]?.id, null],
    [data?.[0]?.id, expect.any(String)],
  ]);
  expect(types.lastIndexOf('user.interrupt')).toBeLessThan(types.indexOf('session.status_idle'));
  expect(seen[types.indexOf('session.status_idle')]).toMatchObject({ stop_reason: { type: 'end_turn' } });
  expect(
    seen
      .filter((event) => event.type === 'agent.message')
      .map(textOf)
      .at(-1),
  ).toBe('Simulated reply 2: after that');
});
