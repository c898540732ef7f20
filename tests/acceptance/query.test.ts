import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ObservedPlatform, startObservedPlatform } from '../support/observed-platform.ts';
import { script, until } from '../support/platform.ts';
import { findProcesses } from '../support/processes.ts';
import { collectFrames } from '../support/sse.ts';

let platform: ObservedPlatform;
beforeAll(async () => {
  platform = await startObservedPlatform({ INTERRUPT_TIMEOUT: '1', MAX_RECOVERY_ATTEMPTS: '1' });
});
afterAll(() => platform?.dispose());

const ask = (body: object, type = 'general', headers: Record<string, string> = {}) =>
  platform.request('POST', `/api/v1/query?agent_type=${type}`, body, headers);

/** Nothing is left of any query but its answer, its cost and the agent of its type. */
async function nothingLeft(): Promise<void> {
  const count = async (text: string) => (await platform.pool.query(`select count(*)::int as n from ${text}`)).rows[0].n;
  const rows = () =>
    Promise.all(
      ['sessions', 'session_heads', 'turns', 'inputs', 'events', 'transcripts', 'agent_versions'].map(async (table) => [
        table,
        await count(table),
      ]),
    );
  await until(async () => (await rows()).every(([, n]) => n === 0)).catch(async () => expect(await rows()).toEqual([]));
  const directory = join(platform.dataDir, 'sessions');
  const left = existsSync(directory) ? readdirSync(directory) : [];
  expect(left.filter((name) => name.startsWith('sesn_'))).toEqual([]);
  expect(findProcesses(directory)).toEqual([]);
}

it('answers once, meters it under its type, and leaves nothing behind', async () => {
  const response = await ask({ message: 'what is it?', context: { about: 'everything' } }, 'research');
  expect(response.status).toBe(200);
  // biome-ignore lint/suspicious/noExplicitAny: read field by field
  const answer = (await response.json()) as any;
  expect(answer).toMatchObject({
    query_id: expect.stringMatching(/^query_/),
    agent_type: 'research',
    response: expect.stringContaining('what is it?'),
    metadata: { stop_reason: 'end_turn', messages_count: 1, usage: { output_tokens: expect.any(Number) } },
  });
  expect((await (await ask({ query: 'again?' }, 'research')).json()) as object).toMatchObject({
    response: 'Simulated reply 1: again?',
  });
  await nothingLeft();

  const kept = await platform.json('GET', `/api/v1/query/${answer.query_id}`);
  expect(kept).toMatchObject({ agent_type: 'research', turn: { state: 'completed', response: answer.response } });
  expect(kept.turn.usage).toEqual(answer.metadata.usage);
  const metered = await platform.pool.query(
    `select a.agent_type, sum(m.output_tokens)::int as tokens from model_requests m join agents a on a.id = m.agent_id
      where m.turn_id = $1 group by 1`,
    [answer.metadata.turn_id],
  );
  expect(metered.rows).toEqual([{ agent_type: 'research', tokens: answer.metadata.usage.output_tokens }]);
  expect((await platform.json('GET', '/api/v1/agents')).data).toEqual([]);
  expect((await platform.json('GET', '/api/v1/sessions')).data).toEqual([]);
});

it('streams, and answers later where it is asked to', async () => {
  const steps = [{ tool: 'Bash', input: { command: 'echo "$SECRET"' } }, { text: 'It says {{tool_result}}' }];
  const body = { message: script(steps), config: { env: { SECRET: 'of-the-query' } } };
  const frames = await collectFrames(await ask(body, 'code', { accept: 'text/event-stream' }));
  const types = frames.map((frame) => frame.event);
  for (const type of ['agent.tool_use', 'agent.tool_result', 'agent.message']) expect(types).toContain(type);
  expect(frames[0]).toMatchObject({ event: 'x.turn_accepted', data: { query_id: expect.any(String) } });
  expect(frames.at(-1)).toMatchObject({
    event: 'x.turn',
    data: { agent_type: 'code', turn: { state: 'completed' }, response: expect.stringContaining('of-the-query') },
  });

  const accepted = await ask({ message: 'in your own time' }, 'custom', { prefer: 'respond-async' });
  expect(accepted.status).toBe(202);
  const { endpoint, query_id: id } = (await accepted.json()) as { endpoint: string; query_id: string };
  expect(accepted.headers.get('location')).toBe(endpoint);
  await until(async () => (await platform.json('GET', endpoint)).turn.state === 'completed');
  await nothingLeft();
  expect(await platform.json('GET', endpoint)).toMatchObject({
    id,
    turn: { response: 'Simulated reply 1: in your own time', attempts: 1 },
  });
  // What its config said went with it.
  const stored = await platform.pool.query('select * from queries');
  expect(JSON.stringify(stored.rows)).not.toContain('"SECRET"');
});

it('leaves nothing when the client goes away, and keeps the answer', async () => {
  const gone = new AbortController();
  const asked = fetch(`${platform.url}/api/v1/query`, {
    method: 'POST',
    headers: { 'x-api-key': platform.key, 'content-type': 'application/json' },
    body: JSON.stringify({ message: script([{ wait_ms: 700 }, { text: 'to nobody' }]) }),
    signal: gone.signal,
  }).catch(() => null);
  const newest = async () => (await platform.json('GET', '/api/v1/query?limit=1')).data[0];
  await until(async () => (await newest()).turn.state === 'running');
  const { id } = await newest();
  gone.abort();
  await asked;
  await nothingLeft();
  expect(await platform.json('GET', `/api/v1/query/${id}`)).toMatchObject({
    turn: { state: 'completed', response: 'to nobody' },
  });
});

it('leaves nothing when the server crashes in the middle, and has the answer afterwards', async () => {
  const steps = [{ tool: 'Bash', input: { command: 'sleep 2; echo done' } }, { text: 'after the crash' }];
  const accepted = await ask({ message: script(steps) }, 'code', { prefer: 'respond-async' });
  const queued = await ask({ message: 'hardly begun' }, 'general', { prefer: 'respond-async' });
  const ends = [accepted, queued].map(async (one) => ((await one.json()) as { endpoint: string }).endpoint);
  const [endpoint, other] = (await Promise.all(ends)) as [string, string];
  await until(() => findProcesses(join(platform.dataDir, 'sessions')).some((one) => one.command.includes('sleep 2')));
  await platform.crash();
  await platform.start();
  await until(async () => (await platform.json('GET', endpoint)).turn.state === 'completed', 40_000);
  await until(async () => (await platform.json('GET', other)).turn.state === 'completed', 40_000);
  expect((await platform.json('GET', endpoint)).turn.response).toBe('after the crash');
  expect((await platform.json('GET', other)).turn.response).toBe('Simulated reply 1: hardly begun');
  await nothingLeft();
});

it('fails clearly when its process cannot be kept, and leaves nothing', async () => {
  const kill = { tool: 'Bash', input: { command: 'kill -9 $PPID' } };
  const response = await ask({ message: script([kill, kill, kill, kill]) }, 'code');
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ code: 'turn_failed', detail: expect.stringContaining('kept running') });
  await nothingLeft();
});

it('is nobody else’s, and no way around the routes of agents and sessions', async () => {
  const running = script([{ wait_ms: 3_000 }, { text: 'seen' }]);
  const accepted = await ask({ message: running }, 'general', { prefer: 'respond-async' });
  const { endpoint } = (await accepted.json()) as { endpoint: string };
  const { rows } = await platform.pool.query(
    'select s.id, s.agent_id from sessions s where s.ephemeral order by s.created_at desc limit 1',
  );
  const { id, agent_id: agentId } = rows[0];
  for (const path of [
    `/api/v1/agents/${agentId}`,
    `/api/v1/agents/${agentId}/events`,
    `/api/v1/agents/${agentId}/versions`,
    `/api/v1/sessions/${id}`,
    `/api/v1/sessions/${id}/events`,
    `/v1/sessions/${id}`,
  ]) {
    expect([path, (await platform.request('GET', path)).status]).toEqual([path, 404]);
  }
  expect((await platform.request('POST', '/api/v1/sessions', { agent_id: agentId })).status).toBe(404);
  expect((await platform.request('DELETE', `/api/v1/agents/${agentId}`)).status).toBe(404);
  const key = { 'x-api-key': await platform.stranger() };
  expect((await platform.request('GET', endpoint, undefined, key)).status).toBe(404);
  expect((await platform.json('GET', '/api/v1/query', undefined, key)).data).toEqual([]);
  await until(async () => (await platform.json('GET', endpoint)).turn.state === 'completed');
  await nothingLeft();
});

it('says what is wrong with a query', async () => {
  const cases: [object, string, string][] = [
    [{}, 'general', 'message'],
    [{ message: 'a', query: 'b' }, 'general', 'message'],
    [{ message: 'a' }, 'nonsense', 'querystring.agent_type'],
    [{ message: 'a', config: { agent_type: 'code' } }, 'general', 'config.agent_type'],
    [{ message: 'a', config: { max_turns: 0 } }, 'general', 'config.max_turns'],
    [{ message: 'a', config: { budget: { per_turn_usd: 1 } } }, 'general', 'config.budget'],
  ];
  for (const [body, type, field] of cases) {
    const response = await ask(body, type);
    const { errors } = (await response.json()) as { errors: { field: string }[] };
    expect([body, response.status, errors[0]?.field]).toEqual([body, 422, field]);
  }
  await nothingLeft();
});
