import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import {
  type ListedEvent,
  listEvents,
  officialClient,
  readTurns,
  type StreamedEvent,
  textOf,
  userMessage,
} from '../support/managed-client.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { collectFrames } from '../support/sse.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
let client: Anthropic;
beforeAll(async () => {
  platform = await startTestPlatform();
  client = officialClient(platform);
});
afterAll(() => platform?.dispose());

const events = () => client.beta.sessions.events;

describe('the list of events', () => {
  let agent: DeployedAgent;
  let streamed: StreamedEvent[];
  let all: ListedEvent[];
  beforeAll(async () => {
    agent = await deployAgent(platform);
    const stream = await events().stream(agent.sessionId);
    const steps = [{ text: 'First. ' }, { tool: 'Bash', input: { command: 'echo 1' } }];
    await events().send(agent.sessionId, { events: [userMessage(script(steps)), userMessage('and again')] });
    streamed = await readTurns(stream, 2);
    all = await listEvents(client, agent.sessionId);
  });

  it('agrees with the stream, and holds each event once and none of our own', async () => {
    const ids = streamed.flatMap((event) => ('id' in event && event.processed_at !== null ? [event.id] : []));
    expect(all.map((event) => event.id)).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...all, ...streamed].filter((event) => event.type.startsWith('x.'))).toEqual([]);
    expect((await agent.log()).some((entry) => entry.type.startsWith('x.'))).toBe(true);
    expect(all.every((event) => typeof event.processed_at === 'string')).toBe(true);
  });

  it('comes in pages, forwards and backwards', async () => {
    expect(await listEvents(client, agent.sessionId, { limit: 3 })).toEqual(all);
    expect(await listEvents(client, agent.sessionId, { limit: 3, order: 'desc' })).toEqual(all.toReversed());
    const page = await events().list(agent.sessionId, { limit: 3 });
    expect(page.data).toHaveLength(3);
    expect((await page.getNextPage()).data).toEqual(all.slice(3, 6));
    const otherOrder = events().list(agent.sessionId, { page: page.next_page as string, order: 'desc' });
    await expect(otherOrder).rejects.toBeInstanceOf(Anthropic.BadRequestError);
  });

  it('is filtered by types', async () => {
    const types = ['user.message', 'agent.tool_use'] as const;
    expect(await listEvents(client, agent.sessionId, { types: [...types], limit: 2 })).toEqual(
      all.filter((event) => types.includes(event.type as never)),
    );
    expect(await listEvents(client, agent.sessionId, { types: ['agent.message'] })).toEqual(
      all.filter((event) => event.type === 'agent.message'),
    );
  });

  it('is filtered by time', async () => {
    const time = all[Math.floor(all.length / 2)]?.processed_at as string;
    const at = (event: ListedEvent) => event.processed_at as string;
    expect(await listEvents(client, agent.sessionId, { 'created_at[gt]': time })).toEqual(
      all.filter((event) => at(event) > time),
    );
    expect(await listEvents(client, agent.sessionId, { 'created_at[gte]': time })).toEqual(
      all.filter((event) => at(event) >= time),
    );
    expect(await listEvents(client, agent.sessionId, { 'created_at[lt]': time, order: 'desc' })).toEqual(
      all.filter((event) => at(event) < time).toReversed(),
    );
    expect(await listEvents(client, agent.sessionId, { 'created_at[lte]': time, limit: 4 })).toEqual(
      all.filter((event) => at(event) <= time),
    );
  });

  it('goes on in a stream from Last-Event-ID', async () => {
    const resume = async (from: string) => {
      const response = await platform.request('GET', `/v1/sessions/${agent.sessionId}/events/stream`, undefined, {
        'last-event-id': from,
      });
      return collectFrames(response, (frame) => frame.data.id === all.at(-1)?.id);
    };
    const frames = await resume(all[2]?.id as string);
    expect(frames.map((frame) => frame.data)).toEqual(all.slice(3));
    expect(frames.every((frame) => frame.event === frame.data.type && Number(frame.id) > 0)).toBe(true);
    expect((await resume(frames[4]?.id as string)).map((frame) => frame.data)).toEqual(all.slice(8));
  });
});

describe('errors', () => {
  it('refuse all events when one of them is bad', async () => {
    const { sessionId } = await deployAgent(platform);
    for (const bad of [
      { type: 'user.nonsense' },
      { type: 'user.message', content: [] },
      { type: 'user.message' },
      { type: 'agent.message', content: [] },
    ]) {
      const sending = events().send(sessionId, { events: [userMessage('good'), bad as never] });
      await expect(sending).rejects.toMatchObject({ status: 400, error: { error: { type: 'invalid_request_error' } } });
      await expect(sending).rejects.toThrow(/events\.1/);
    }
    expect(await listEvents(client, sessionId)).toEqual([]);
  });

  it('say what is not there, with a request id', async () => {
    const error = await client.beta.sessions.retrieve('sesn_unknown').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Anthropic.NotFoundError);
    expect((error as InstanceType<typeof Anthropic.NotFoundError>).requestID).toMatch(/^req_/);
    await expect(listEvents(client, 'sesn_unknown')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    await expect(events().stream('sesn_unknown')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  });

  it('turn away a wrong key', async () => {
    const stranger = new Anthropic({ baseURL: platform.url, apiKey: 'sk-ant-wrong' });
    await expect(stranger.beta.sessions.retrieve('sesn_1')).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
  });

  it('tell the client when another try is pointless', async () => {
    const stopped = await deployAgent(platform, {}, false);
    const refused = await events()
      .send(stopped.sessionId, { events: [userMessage('hello?')] })
      .catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(Anthropic.ConflictError);
    const absent = await client.beta.agents.list().catch((thrown: unknown) => thrown);
    expect(absent).toMatchObject({ status: 501, error: { error: { type: 'api_error' } } });
    for (const error of [refused, absent])
      expect((error as { headers: Headers }).headers.get('x-should-retry')).toBe('false');
  });
});

it('understands older SDKs: x-api-key, ?beta=true, another version', async () => {
  const agent = await deployAgent(platform);
  const headers = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'a-2025-01-01,managed-agents-2026-04-01' };
  const path = `/v1/sessions/${agent.sessionId}`;
  expect((await platform.json('GET', `${path}?beta=true`, undefined, headers)).id).toBe(agent.sessionId);
  await platform.json('POST', `${path}/events?beta=true`, { events: [userMessage('hello')] }, headers);
  await until(async () => (await agent.view()).messages_count === 1);
  const found = await platform.json('GET', `${path}/events?beta=true&types[]=agent.message`, undefined, headers);
  expect(found.data.map(textOf)).toEqual(['Simulated reply 1: hello']);
  expect(
    await platform.json('GET', `${path}/events?beta=true&types=agent.message&types=user.message`, undefined, headers),
  ).toMatchObject({
    data: [{ type: 'user.message' }, { type: 'agent.message' }],
    next_page: null,
  });
});
