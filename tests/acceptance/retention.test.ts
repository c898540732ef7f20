import { createClient } from '@aaas/client/create-client';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createJobs } from '../../apps/server/src/jobs/create-jobs.ts';
import type { Jobs } from '../../apps/server/src/jobs/jobs.ts';
import { createPool } from '../../apps/server/src/postgres/pool.ts';
import { testContext } from '../../apps/server/src/sessions/testing.ts';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { collectFrames, type Frame } from '../support/sse.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
let agent: DeployedAgent;
let jobs: Jobs;
let pool: pg.Pool;
/** Of the first two turns, before they were removed. */
let oldPage: string;
let oldEvent: string;
let oldTurn: string;

beforeAll(async () => {
  platform = await startTestPlatform();
  pool = createPool(platform.database, { max: 2, log: { warn: () => {} } });
  jobs = createJobs({ target: platform.database, log: testContext(pool).log, kinds: [] });
  jobs.start();
  agent = await deployAgent(platform);
  oldTurn = (await agent.say('one', { 'idempotency-key': 'the-first' })).metadata.turn_id;
  await agent.say('two');
  const listed = await platform.json('GET', `/v1/sessions/${agent.sessionId}/events?limit=2`);
  oldPage = listed.next_page;
  oldEvent = listed.data[1].id;
  await age(agent);
  await agent.say('three');
  await platform.json('PATCH', '/api/v1/settings', { EVENT_RETENTION_DAYS: 30 });
  await expire(agent);
});
afterAll(async () => {
  await jobs?.close();
  await pool?.end();
  await platform?.dispose();
});

/** Makes everything that an agent has done so far forty days older. */
async function age(of: DeployedAgent): Promise<void> {
  await pool.query(`update events set at = at - interval '40 days' where session_id = $1`, [of.sessionId]);
}

const firstOf = async (of: DeployedAgent) => (await platform.json('GET', `${of.path}/events?limit=1`)).data[0].seq;
const keptFrom = async (of: DeployedAgent) => (await of.log()).find((event) => event.type === 'user.message')?.seq;

/** Has the platform's own job do its work. */
async function expire(of: DeployedAgent): Promise<void> {
  const before = await firstOf(of);
  await jobs.send('events.retention', {});
  await until(async () => (await firstOf(of)) > before, 20_000);
}

it('runs each hour, and counts what it removed', async () => {
  const { rows } = await pool.query(`select name from pgboss.schedule where name like '%.retention' order by name`);
  expect(rows.map(({ name }) => name)).toEqual([
    'events.retention',
    'ledger.retention',
    'nodes.retention',
    'queries.retention',
  ]);
  const metrics = await (await platform.request('GET', '/metrics')).text();
  expect(Number(/aaas_expired_rows_total\{of="events"\} (\d+)/.exec(metrics)?.[1])).toBe((await firstOf(agent)) - 1);
});

it('keeps messages, answers and memory, and begins the log with a whole turn', async () => {
  const log = await agent.log();
  expect(log[0]).toMatchObject({ type: 'user.message', content: [{ text: 'three' }] });
  const messages = (await platform.json('GET', `${agent.path}/messages`)).data;
  expect(messages.map(({ message }: { message: string }) => message)).toEqual(['one', 'two', 'three']);
  expect(messages[0].response).toBe('Simulated reply 1: one');
  expect((await agent.say('four')).response).toBe('Simulated reply 4: four');
});

it('tells whoever lists from a place that is gone, and nobody else', async () => {
  const first = await firstOf(agent);
  for (const path of [
    `${agent.path}/events?after=1`,
    `${agent.path}/events?cursor=${first - 2}`,
    `${agent.path}/timeline?cursor=1`,
  ]) {
    const response = await platform.request('GET', path);
    expect(response.status).toBe(410);
    expect(await response.json()).toMatchObject({ code: 'no_longer_kept', retryable: false });
  }
  const told = (await (await platform.request('GET', `${agent.path}/events?after=1`)).json()) as { detail: string };
  expect(told.detail).toContain(`Events 2 to ${first - 1} were removed`);
  const page = await platform.request('GET', `/v1/sessions/${agent.sessionId}/events?limit=2&page=${oldPage}`);
  expect(page.status).toBe(410);
  expect(await page.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  for (const place of ['', '?after=0', `?after=${first - 1}`, `?after=${first}`])
    expect((await platform.request('GET', `${agent.path}/events${place}`)).status).toBe(200);
  expect((await platform.json('GET', `/v1/sessions/${agent.sessionId}/events?limit=1`)).data[0]).toMatchObject({
    type: 'user.message',
  });
});

it('tells a stream which events it will not get, and goes on with all that are kept', async () => {
  const log = await agent.log();
  const first = log[0]?.seq as number;
  const frames = (path: string, headers: Record<string, string> = {}) =>
    platform
      .request('GET', path, undefined, headers)
      .then((response) => collectFrames(response, ({ id }) => Number(id) >= (log.at(-1)?.seq as number) - 1));
  const resync = { type: 'resync', reason: 'removed', after: first - 1 };
  const seqs = (all: Frame[]) => all.flatMap(({ id }) => (id === null ? [] : [Number(id)]));

  const own = await frames(`${agent.path}/events/stream`, { 'last-event-id': '3' });
  expect(own[0]).toMatchObject({ event: 'resync', data: resync });
  expect(seqs(own).slice(0, 5)).toEqual(log.slice(0, 5).map(({ seq }) => seq));
  for (const from of ['3', oldEvent]) {
    const managed = await frames(`/v1/sessions/${agent.sessionId}/events/stream`, { 'last-event-id': from });
    expect(managed[0]).toMatchObject({ event: 'resync', data: resync });
    expect(managed[1]?.data.content[0].text).toBe('three');
  }
  const client = createClient({ baseUrl: platform.url, apiKey: platform.key });
  const seen = [];
  for await (const event of client.events.stream(agent.id, { after: 3 })) if (seen.push(event) === 2) break;
  expect(seen).toMatchObject([resync, { seq: first }]);
  const whole = await frames(`${agent.path}/events/stream?after=${first - 1}`);
  expect(whole.map(({ event }) => event)).not.toContain('resync');
});

it('ends the stream of a turn whose events are gone with the turn itself', async () => {
  const response = await agent.post('one', { 'idempotency-key': 'the-first', accept: 'text/event-stream' });
  const events = await collectFrames(response);
  expect(events.map(({ event }) => event)).toEqual(['x.turn_accepted', 'resync', 'x.turn']);
  expect(events.at(-1)?.data).toMatchObject({ turn: { id: oldTurn, response: 'Simulated reply 1: one' } });
});

it('exports and imports an agent whose log was cut', async () => {
  const archive = await platform.request('GET', `${agent.path}/export?wait=20`);
  const made = await fetch(`${platform.url}/api/v1/agents/import?start=true`, {
    method: 'POST',
    body: await archive.arrayBuffer(),
    headers: { 'x-api-key': platform.key, 'content-type': 'application/gzip' },
  });
  expect(made.status).toBe(201);
  const { agent_id: id } = (await made.json()) as { agent_id: string };
  const copied = await platform.json('GET', `/api/v1/agents/${id}/events?limit=1`);
  expect(copied.data[0].seq).toBe(await firstOf(agent));
  expect((await platform.json('POST', `/api/v1/agents/${id}/messages`, { message: 'five' })).response).toBe(
    'Simulated reply 5: five',
  );
});

it('never takes what an open turn needs to go on after its server has died', async () => {
  const busy = await deployAgent(platform);
  await busy.say('before');
  const marker = `${busy.directory}/ran`;
  const turn = await busy.begin(
    script([{ tool: 'Bash', input: { command: `echo once >> ${marker}; sleep 30` } }, { text: 'went on' }]),
  );
  await until(async () => (await busy.log()).some(({ type }) => type === 'agent.tool_use'));
  await age(busy);
  await expire(busy);
  const opened = await keptFrom(busy);
  expect(opened).toBe((await busy.log()).find(({ turn_id }) => turn_id === turn)?.seq);
  await platform.crash();
  await platform.start();
  const ended = await busy.ended(turn);
  expect(ended).toMatchObject({ state: 'completed', attempts: 2 });
  const log = await busy.log();
  expect(log.filter(({ type }) => type === 'agent.tool_use')).toHaveLength(1);
  expect(log.find(({ type }) => type === 'agent.tool_result')?.content[0].text).toContain('outcome is unknown');
});
