import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Platform, script, until } from '../../../tests/support/platform.ts';
import { startTestPlatform } from '../../../tests/support/test-platform.ts';
import { type Client, createClient } from './create-client.ts';
import type { Reconnect } from './events/follow-log.ts';
import type { LogEvent, StreamEvent } from './events/log-event.ts';
import type { TurnEvent } from './messages/message.ts';
import { collect } from './testing/collect.ts';
import { type CuttableProxy, startCuttableProxy } from './testing/cuttable-proxy.ts';

let platform: Platform;
let proxy: CuttableProxy;
let client: Client;
let agentId: string;
let reconnects: Reconnect[];
const onReconnect = (reconnect: Reconnect) => reconnects.push(reconnect);

beforeAll(async () => {
  platform = await startTestPlatform();
  proxy = await startCuttableProxy(platform.url);
  client = createClient({ baseUrl: proxy.url, apiKey: platform.key });
});
afterAll(async () => {
  await proxy?.close();
  await platform?.dispose();
});
beforeEach(async () => {
  agentId = (await client.agents.create({ agent_type: 'code' })).agent_id;
  reconnects = [];
});

const isRunning = async () => (await platform.json('GET', `/api/v1/agents/${agentId}`)).status === 'running';
const seqsOf = (events: { type: string }[]) => events.flatMap((event) => ('seq' in event ? [event.seq as number] : []));

test('streams go on over a crash of the server: no event is missing, none comes twice', async () => {
  await client.messages.send(agentId, 'hello');
  const followed: StreamEvent[] = [];
  const done = new AbortController();
  const following = (async () => {
    const { signal } = done;
    for await (const event of client.events.stream(agentId, { after: 0, signal, onReconnect })) followed.push(event);
  })().catch((error: unknown) => error);

  const turn: TurnEvent[] = [];
  const message = script([
    { text: 'First I sleep.' },
    { tool: 'Bash', input: { command: 'sleep 1; echo slept' } },
    { text: 'Now I am awake.' },
  ]);
  for await (const event of client.messages.stream(agentId, message, { onReconnect })) {
    turn.push(event);
    if (event.type === 'agent.tool_use' && reconnects.length === 0) {
      await platform.crash();
      await platform.start();
    }
  }
  expect(turn.at(-1)).toMatchObject({ type: 'x.turn', turn: { state: 'completed' } });
  expect(reconnects.length).toBeGreaterThanOrEqual(2);

  const log: LogEvent[] = await collect(client.events.list(agentId, { limit: 10 }));
  expect(seqsOf(log)).toEqual(log.map((_, index) => index + 1));
  await until(() => seqsOf(followed).at(-1) === log.at(-1)?.seq);
  done.abort();
  await following;
  expect(seqsOf(followed)).toEqual(seqsOf(log));

  const first = log.findLastIndex((event) => event.type === 'user.message');
  const last = log.findLastIndex((event) => event.type === 'session.status_idle');
  expect(seqsOf(turn)).toEqual(seqsOf(log.slice(first, last + 1)));
  expect(turn.at(-1)).toMatchObject({ response: expect.any(String), metadata: { messages_count: 2 } });
});

test('a message whose connection is cut is sent once, and its answer comes', async () => {
  const answer = client.messages.send(agentId, script([{ wait_ms: 1_000 }, { text: 'here' }]));
  await until(isRunning);
  const before = proxy.connections;
  proxy.cut();
  expect((await answer).response).toBe('here');
  expect(proxy.connections).toBeGreaterThan(before);
  expect((await client.messages.list(agentId)).data).toHaveLength(1);
});

test('a message outlives a stop of the server in good order', async () => {
  const answer = client.messages.send(agentId, script([{ wait_ms: 1_000 }, { text: 'after all' }]));
  await until(isRunning);
  await platform.stop();
  await platform.start();
  expect((await answer).response).toBe('after all');
  expect((await client.messages.list(agentId)).data).toHaveLength(1);
});

test('a stream that is cut before its turn began is sent once', async () => {
  const blocking = client.messages.send(agentId, script([{ wait_ms: 1_000 }, { text: 'first' }]));
  await until(isRunning);
  const turn: TurnEvent[] = [];
  for await (const event of client.messages.stream(agentId, 'second', { onReconnect })) {
    turn.push(event);
    if (event.type === 'x.turn_accepted') proxy.cut();
  }
  expect(reconnects).toHaveLength(1);
  expect(turn.filter((event) => event.type === 'x.turn_accepted')).toHaveLength(1);
  expect(turn.at(-1)).toMatchObject({ response: 'Simulated reply 2: second' });
  expect((await blocking).response).toBe('first');
  expect((await client.messages.list(agentId)).data).toHaveLength(2);
});
