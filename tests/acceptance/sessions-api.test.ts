import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type ObservedPlatform, startObservedPlatform } from '../support/observed-platform.ts';
import { script, until } from '../support/platform.ts';
import { collectFrames, framesOf } from '../support/sse.ts';

let platform: ObservedPlatform;
let agent: DeployedAgent;
beforeAll(async () => {
  platform = await startObservedPlatform({ DRAIN_TIMEOUT: '20' });
  agent = await deployAgent(platform, { model: 'claude-one' });
});
afterAll(() => platform?.dispose());

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
type Json = any;
const get = (path: string): Promise<Json> => platform.json('GET', path);
const post = (path: string, body?: object, headers?: Record<string, string>): Promise<Json> =>
  platform.json('POST', path, body, headers);
const open = (of: DeployedAgent, more: object = {}) => post('/api/v1/sessions', { agent_id: of.id, ...more });
const say = async (session: Json, message: string) =>
  (await post(`${session.endpoint}/messages`, { message })).response;
const idsOf = async (query: string) => (await get(`/api/v1/sessions?${query}`)).data.map((one: Json) => one.id);

it('gives an agent many conversations, each with its own memory, directory and process', async () => {
  await agent.say('main one');
  const [left, right] = await Promise.all([open(agent, { title: 'left' }), open(agent, { title: 'right' })]);
  expect(left).toMatchObject({ agent_id: agent.id, main: false, title: 'left', agent_version: 1, status: 'starting' });
  expect(await Promise.all([say(left, 'l1'), say(right, 'r1')])).toEqual([
    'Simulated reply 1: l1',
    'Simulated reply 1: r1',
  ]);
  expect(
    await say(left, script([{ tool: 'Write', input: { file_path: 'mine.txt', content: 'x' } }, { text: 'written' }])),
  ).toBe('written');
  expect(await say(left, 'l3')).toBe('Simulated reply 3: l3');
  expect((await agent.say('main two')).response).toBe('Simulated reply 2: main two');
  const work = (id: string) => join(platform.dataDir, 'sessions', id, 'work', 'mine.txt');
  expect([left.id, right.id, agent.sessionId].map((id) => existsSync(work(id)))).toEqual([true, false, false]);
  const pids = await Promise.all([left, right].map(async (one) => (await get(one.endpoint)).pid));
  expect(new Set([...pids, (await agent.view()).pid]).size).toBe(3);

  const answer = await post(`${left.endpoint}/messages`, { message: 'l4' }, { prefer: 'respond-async' });
  expect(answer.endpoint).toBe(`${left.endpoint}/turns/${answer.turn_id}`);
  await until(async () => (await get(answer.endpoint)).state === 'completed');
  expect((await get(`${left.endpoint}/messages`)).data.map((one: Json) => one.message)).toHaveLength(4);
  expect((await get(`${left.endpoint}/timeline`)).data.at(0)).toMatchObject({ from: 'stopped', to: 'starting' });
  // The agent's own routes speak of the main session alone, and under /v1 each is a session.
  expect((await get(`${agent.path}/messages`)).data.map((one: Json) => one.message)).toEqual(['main one', 'main two']);
  expect(await get(`/api/v1/sessions/${agent.sessionId}/events`)).toEqual(await get(`${agent.path}/events`));
  expect(await get(`/v1/sessions/${right.id}`)).toMatchObject({
    id: right.id,
    title: 'right',
    agent: { id: agent.id },
  });
  const event = { type: 'user.message', content: [{ type: 'text', text: 'from /v1' }] };
  await post(`/v1/sessions/${right.id}/events`, { events: [event] });
  await until(async () => (await get(right.endpoint)).messages_count === 2);
});

it('takes a session through its life without touching the others', async () => {
  const session = await open(agent, { auto_start: false });
  expect(session.status).toBe('stopped');
  expect((await platform.request('POST', `${session.endpoint}/messages`, { message: 'x' })).status).toBe(409);
  for (const order of ['start', 'restart', 'hibernate', 'start']) {
    const change = await post(`${session.endpoint}/${order}`);
    expect(change).toMatchObject({ agent_id: agent.id, session_id: session.id });
  }
  expect(await say(session, 'up')).toBe('Simulated reply 1: up');
  const running = await post(
    `${session.endpoint}/messages`,
    { message: script([{ stall: true }]) },
    { prefer: 'respond-async' },
  );
  await until(async () => (await get(running.endpoint)).state === 'running');
  await post(`${session.endpoint}/interrupt`);
  await until(async () => (await get(running.endpoint)).state === 'interrupted');
  await post(`${session.endpoint}/stop`);
  await until(async () => (await get(session.endpoint)).status === 'stopped');
  expect((await agent.say('and you?')).response).toContain('and you?');

  expect((await platform.request('DELETE', session.endpoint)).status).toBe(202);
  expect((await platform.request('GET', session.endpoint)).status).toBe(404);
  await until(() => !existsSync(join(platform.dataDir, 'sessions', session.id)));
  const main = await platform.request('DELETE', `/api/v1/sessions/${agent.sessionId}`);
  expect(main.status).toBe(409);
  expect(await main.json()).toMatchObject({ code: 'main_session', detail: expect.stringContaining(agent.id) });
});

it('pins a session to a version, and changes its title and metadata', async () => {
  const own = await deployAgent(platform, { model: 'claude-a' }, false);
  await platform.json('PATCH', own.path, { config: { model: 'claude-b' } });
  const old = await open(own, { version: 1, metadata: { team: 'one', gone: 'x' } });
  const newest = await open(own);
  expect([old.agent_version, newest.agent_version]).toEqual([1, 2]);
  const model = async (session: Json) => (await post(`${session.endpoint}/messages`, { message: 'hi' })).metadata.model;
  expect([await model(old), await model(newest)]).toEqual(['claude-a', 'claude-b']);

  const change = { title: 'renamed', metadata: { gone: null, more: 'y' }, version: 2 };
  expect(await platform.json('PATCH', old.endpoint, change)).toMatchObject({
    title: 'renamed',
    metadata: { team: 'one', more: 'y' },
  });
  expect(await model(old)).toBe('claude-b');
  const log = (await get(`${old.endpoint}/events`)).data;
  expect(log.find((entry: Json) => entry.type === 'session.updated')).toMatchObject({ title: 'renamed' });
  const { seq } = log.at(-1);
  expect(log.map((entry: Json) => entry.seq)).toEqual(Array.from({ length: seq }, (_, n) => n + 1));

  for (const [method, path, body, status] of [
    ['PATCH', old.endpoint, { version: 9 }, 404],
    ['PATCH', `/api/v1/sessions/${own.sessionId}`, { version: 1 }, 409],
    ['PATCH', old.endpoint, { metadata: { x: 'y'.repeat(513) } }, 422],
    ['POST', '/api/v1/sessions', { agent_id: own.id, version: 9 }, 404],
    ['POST', '/api/v1/sessions', { agent_id: 'agent_none' }, 404],
    ['POST', '/api/v1/sessions', {}, 422],
  ] as const) {
    expect([path, (await platform.request(method, path, body)).status]).toEqual([path, status]);
  }

  // An agent goes with all its sessions.
  expect((await platform.request('DELETE', own.path)).status).toBe(202);
  for (const session of [old, newest]) expect((await platform.request('GET', session.endpoint)).status).toBe(404);
  for (const { id } of [old, newest, { id: own.sessionId }]) {
    await until(() => !existsSync(join(platform.dataDir, 'sessions', id)));
  }
});

it('lists sessions by agent, status and metadata, in pages that neither lose nor repeat one', async () => {
  const own = await deployAgent(platform, {}, false);
  const made: string[] = [own.sessionId];
  for (let n = 0; n < 5; n++) made.push((await open(own, { auto_start: false, metadata: { n: String(n % 2) } })).id);
  expect(await idsOf(`agent_id=${own.id}&order=asc`)).toEqual(made);
  for (const order of ['asc', 'desc']) {
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Json = await get(
        `/api/v1/sessions?agent_id=${own.id}&order=${order}&limit=2${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.data.map((one: Json) => one.id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(order === 'asc' ? made : made.toReversed());
  }
  expect(await idsOf(`agent_id=${own.id}&metadata=n:1`)).toHaveLength(2);
  expect(await idsOf(`agent_id=${own.id}&status=idle,running`)).toEqual([]);
  expect(await idsOf(`agent_id=${own.id}&status=idle&status=stopped`)).toHaveLength(6);

  const key = { 'x-api-key': await platform.stranger() };
  expect((await platform.json('GET', '/api/v1/sessions', undefined, key)).data).toEqual([]);
  for (const [method, path] of [
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/messages'],
    ['GET', '/events/stream'],
    ['POST', '/stop'],
  ] as const) {
    const body = path === '/messages' ? { message: 'x' } : method === 'PATCH' ? { title: 'x' } : undefined;
    const answer = async (id: string) => {
      const response = await platform.request(method, `/api/v1/sessions/${id}${path}`, body, key);
      const { request_id: _, detail, ...problem } = (await response.json()) as { request_id: string; detail: string };
      return { ...problem, detail: detail.replace(id, 'it') };
    };
    expect(await answer(made[1] as string)).toEqual(await answer('sesn_unknown'));
  }
});

it('finds agents by every condition, in order, and pages through them', async () => {
  const names = ['Alpha one', 'alpha two', 'beta', '100% sure'];
  const agents: string[] = [];
  for (const [n, name] of names.entries()) {
    const config = { agent_type: n === 2 ? 'finance' : 'research', name, model: `claude-f${n % 2}` };
    const body = { config, metadata: { team: n < 2 ? 'a' : 'b', n: String(n) }, auto_start: false };
    agents.push((await post('/api/v1/agents', body)).agent_id);
  }
  const find = async (query: string) =>
    (await get(`/api/v1/agents?${query}`)).data
      .map((one: Json) => one.config.name)
      .filter((name: string) => names.includes(name));
  const created = (await get(`/api/v1/agents/${agents[1]}`)).created_at;
  for (const [query, expected] of [
    ['q=alpha', ['alpha two', 'Alpha one']],
    ['q=alpha&order=asc', ['Alpha one', 'alpha two']],
    ['q=%25', ['100% sure']],
    ['name=beta', ['beta']],
    ['agent_type=finance,code', ['beta']],
    ['agent_type=finance&agent_type=research&status=stopped&metadata=team:b', ['100% sure', 'beta']],
    ['model=claude-f1', ['100% sure', 'alpha two']],
    ['metadata=team:a&metadata=n:1', ['alpha two']],
    [`created_after=${created}`, ['100% sure', 'beta']],
    [`created_before=${created}&metadata=team:a`, ['Alpha one']],
    ['status=idle&q=alpha', []],
  ] as const) {
    expect([query, await find(query)]).toEqual([query, expected]);
  }
  const first = await get('/api/v1/agents?status=stopped&metadata=team:a&limit=1');
  const second = await get(`/api/v1/agents?status=stopped&metadata=team:a&limit=1&cursor=${first.next_cursor}`);
  expect([first.data[0].id, second.data[0].id, second.next_cursor]).toEqual([agents[1], agents[0], null]);
  for (const query of [
    'status=nonsense',
    'created_after=yesterday',
    'metadata=none',
    'q=%00',
    'order=up',
    'model=a%00',
  ]) {
    expect([query, (await platform.request('GET', `/api/v1/agents?${query}`)).status]).toEqual([query, 422]);
  }
});

it('does one thing to many agents, with a result for each', async () => {
  const mine = await Promise.all([1, 2, 3].map(() => deployAgent(platform, { name: 'in bulk' }, false)));
  const key = await platform.stranger();
  const foreign = (
    await platform.json(
      'POST',
      '/api/v1/agents',
      { config: { agent_type: 'custom' }, auto_start: false },
      { 'x-api-key': key },
    )
  ).agent_id;
  const ids = mine.map((one) => one.id);
  const started = await post('/api/v1/agents/bulk', {
    action: 'start',
    agent_ids: [...ids, foreign, 'agent_none', ids[0]],
  });
  expect(started).toMatchObject({ succeeded: 3, failed: 2, truncated: false });
  expect(started.data.map((one: Json) => one.agent_id)).toEqual([...ids, foreign, 'agent_none']);
  expect(started.data[0]).toEqual({ agent_id: ids[0], ok: true, status: 'starting', error: null });
  for (const n of [3, 4])
    expect(started.data[n]).toMatchObject({ ok: false, error: { status: 404, code: 'not_found' } });
  await Promise.all(mine.map((one) => one.reaches('idle')));

  const filter = { name: 'in bulk', status: ['idle'] };
  expect(await post('/api/v1/agents/bulk', { action: 'hibernate', filter })).toMatchObject({ succeeded: 3 });
  await Promise.all(mine.map((one) => one.reaches('hibernated')));
  expect(await post('/api/v1/agents/bulk', { action: 'stop', filter })).toMatchObject({ succeeded: 0, data: [] });
  expect(await post('/api/v1/agents/bulk', { action: 'delete', filter: { name: 'in bulk' } })).toMatchObject({
    succeeded: 3,
  });
  for (const one of mine) expect((await platform.request('GET', one.path)).status).toBe(404);
  expect((await platform.request('GET', `/api/v1/agents/${foreign}`, undefined, { 'x-api-key': key })).status).toBe(
    200,
  );
  for (const body of [
    { action: 'stop' },
    { action: 'stop', filter: {} },
    { action: 'stop', filter, agent_ids: ids },
    { action: 'explode', agent_ids: ids },
    { action: 'stop', agent_ids: Array.from({ length: 1_001 }, (_, n) => `agent_${n}`) },
  ]) {
    expect((await platform.request('POST', '/api/v1/agents/bulk', body)).status).toBe(422);
  }
});

it('says running again when a stop in a turn is taken back', async () => {
  const running = await agent.begin(script([{ wait_ms: 2_500 }, { text: 'finished' }]));
  await until(async () => (await agent.turn(running)).state === 'running');
  await agent.order('stop');
  await agent.reaches('draining');
  await agent.order('start');
  await agent.reaches('running');
  expect((await agent.turn(running)).state).toBe('running');
  expect(await agent.ended(running)).toMatchObject({ state: 'completed', response: 'finished' });
  await agent.reaches('idle');
});

it('takes streams up again where they were left', async () => {
  const live = await platform.request('GET', `${agent.path}/events/stream`);
  const reader = live.body?.getReader();
  const head = new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  const last = (await agent.log()).at(-1)?.seq;
  expect(head).toMatch(new RegExp(`^id: ${last}\nevent: ping\n`));

  const headers = { accept: 'text/event-stream', 'idempotency-key': 'streamed' };
  const message = script([{ tool: 'Bash', input: { command: 'echo a' } }, { text: 'the end' }]);
  const all = await collectFrames(await agent.post(message, headers));
  const numbered = all.filter((frame) => frame.id !== null);
  expect(
    numbered.every((frame) => frame.data.seq === Number(frame.id) && frame.data.turn_id === all[0]?.data.turn_id),
  ).toBe(true);
  for (const at of [2, numbered.length - 1]) {
    const from = numbered[at]?.id as string;
    const rest = await collectFrames(await agent.post(message, { ...headers, 'last-event-id': from }));
    expect(rest.filter((frame) => frame.id !== null)).toEqual(numbered.slice(at + 1));
    expect(rest.at(-1)).toMatchObject({ event: 'x.turn', data: { response: 'the end' } });
  }
  for await (const frame of framesOf(await platform.request('GET', `${agent.path}/events/stream?after=1`))) {
    expect(frame.data).toMatchObject({ seq: 2, turn_id: null });
    break;
  }
});

it('shows the history in either order, with what each answer cost', async () => {
  const session = await open(agent);
  for (const n of [1, 2, 3]) await say(session, `m${n}`);
  const page = async (query: string) => {
    const { data, next_cursor } = await get(`${session.endpoint}/messages?limit=2${query}`);
    return { messages: data.map((one: Json) => one.message), next_cursor, data };
  };
  const oldest = await page('');
  expect(oldest.messages).toEqual(['m1', 'm2']);
  expect((await page(`&cursor=${oldest.next_cursor}`)).messages).toEqual(['m3']);
  const newest = await page('&order=desc');
  expect(newest.messages).toEqual(['m3', 'm2']);
  expect(await page(`&order=desc&cursor=${newest.next_cursor}`)).toMatchObject({ messages: ['m1'], next_cursor: null });
  expect(newest.data[0]).toMatchObject({
    stop_reason: 'end_turn',
    model: 'claude-one',
    usage: { output_tokens: expect.any(Number) },
  });
  expect(newest.data[0].usage.output_tokens).toBeGreaterThan(0);
});

it('forgets a deleted agent at once on the way of a message', async () => {
  const gone = await deployAgent(platform);
  await gone.say('warm');
  await platform.request('DELETE', gone.path);
  expect((await gone.post('anybody?')).status).toBe(404);
});
