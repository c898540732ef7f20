import { appendFileSync, globSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, gapsIn } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { findProcesses, isAlive } from '../support/processes.ts';
import { openRows, type Rows } from '../support/rows.ts';
import { collectFrames } from '../support/sse.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
let rows: Rows;
beforeAll(async () => {
  platform = await startTestPlatform({
    MAX_AGENTS: '1',
    MAX_WAITING_AGENTS: '2',
    IDLE_GRACE_SECONDS: '0',
    PLACE_SECONDS: '1',
  });
  rows = openRows(platform);
});
afterAll(async () => {
  await rows?.close();
  await platform?.dispose();
});

const set = (settings: Record<string, unknown>) => platform.json('PATCH', '/api/v1/settings', settings);
const slow = (ms: number, text: string) => script([{ wait_ms: ms }, { text }]);
const metric = async (name: string) =>
  Number(
    (await (await platform.request('GET', '/metrics')).text())
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length),
  );

/** Deployed and brought up, each in its turn: the place is for one. */
async function deploy(config: Record<string, unknown> = {}): Promise<DeployedAgent> {
  const agent = await deployAgent(platform, config);
  await agent.reaches('idle');
  return agent;
}

it('sleeps after its own idle timeout with all that it wrote, and wakes as it was', { timeout: 120_000 }, async () => {
  const agent = await deploy({ idle_timeout_seconds: 0 });
  await agent.say(
    script([{ tool: 'Write', input: { file_path: 'kept.txt', content: 'twelve bytes' } }, { text: 'ok' }]),
  );
  const { pid } = await agent.view();
  // As if the store had lost the last of it, and something in the middle.
  const lost = await rows.query(
    `with known as (select position, row_number() over (order by position desc) as age from transcripts
                     where session_id = $1 and uuid is not null)
     delete from transcripts t using known k
      where t.session_id = $1 and t.position = k.position and k.age in (1, 4) returning t.uuid`,
    [agent.sessionId],
  );
  expect(lost.length).toBe(2);
  const patched = await platform.json('PATCH', agent.path, { config: { idle_timeout_seconds: 1 } });
  expect(patched).toMatchObject({ version: 2, config: { idle_timeout_seconds: 1 } });
  await agent.reaches('hibernated');
  const timeline = (await platform.json('GET', `${agent.path}/timeline?limit=1000`)).data;
  expect(timeline.at(-1)).toMatchObject({ reason: 'idle_timeout', detail: expect.stringMatching(/^2 entries/) });
  expect(timeline.map((step: { reason: string }) => step.reason)).not.toContain('version_changed');
  expect(gapsIn(timeline)).toEqual([]);
  expect(await metric('aaas_transcript_checks_total{outcome="repaired"}')).toBe(1);
  expect(await metric('aaas_sleeps_total{reason="idle_timeout"}')).toBe(1);
  expect(isAlive(pid)).toBe(false);
  expect(findProcesses(agent.root)).toEqual([]);

  const asleep = await agent.view();
  expect(asleep).toMatchObject({ pid: null, status_reason: 'idle_timeout' });
  expect(asleep.directory_snapshot).toMatchObject({ files: 1, bytes: 12, complete: true });
  expect(asleep.directory_snapshot.seq).toBeGreaterThan(0);
  const file = await platform.request('GET', `${agent.path}/files/kept.txt`);
  expect(await file.text()).toBe('twelve bytes');

  expect((await agent.say('two')).response).toBe('Simulated reply 2: two');
  await agent.order('hibernate');
  await agent.reaches('hibernated');
  // Nothing has changed in its directory: it has the same name.
  const again = (await agent.view()).directory_snapshot;
  expect(again).toMatchObject({ id: asleep.directory_snapshot.id, bytes: 12 });
  expect(again.seq).toBeGreaterThan(asleep.directory_snapshot.seq);
  expect((await agent.say('three')).response).toBe('Simulated reply 3: three');
});

it('stays awake while what its process wrote cannot be verified, and says so', async () => {
  const agent = await deploy();
  await agent.say('one');
  const { pid } = await agent.view();
  const [file] = globSync(`${agent.root}/config/projects/*/*.jsonl`);
  appendFileSync(file as string, 'not an entry\n');
  await agent.order('hibernate');
  await until(async () => (await agent.view()).status_reason === 'transcript_unverified');
  expect(await agent.view()).toMatchObject({ status: 'idle', pid, next_action: expect.stringContaining('restart') });
  expect(isAlive(pid)).toBe(true);
  expect((await agent.say('two')).response).toBe('Simulated reply 2: two');
  await agent.order('stop');
  await agent.reaches('stopped');
});

it('queues at MAX_AGENTS, says where each stands, and refuses only what would lengthen a full line', {
  timeout: 180_000,
}, async () => {
  const agents: DeployedAgent[] = [];
  for (let n = 0; n < 4; n++) agents.push(await deploy());
  const [a, b, c, d] = agents as [DeployedAgent, DeployedAgent, DeployedAgent, DeployedAgent];
  const send = (agent: DeployedAgent, message: string) =>
    platform.json('POST', `${agent.path}/messages`, { message }, { prefer: 'respond-async' });

  const first = await send(a, slow(3_000, 'first'));
  await until(async () => (await a.turn(first.turn_id)).state === 'running');
  const second = await send(a, 'second');
  expect(second).toMatchObject({ state: 'queued', queue_position: 1 });
  const ofB = await send(b, slow(4_000, 'b'));
  expect(ofB.queue_position).toBe(1);
  const stream = await c.post('c', { accept: 'text/event-stream' });
  const frames = collectFrames(stream);
  await until(async () => (await platform.json('GET', '/api/v1/fleet')).queue.waiting === 2);
  const again = await send(c, 'c again');
  expect(again.queue_position).toBe(3);
  expect(await c.turn(again.turn_id)).toMatchObject({ state: 'queued', queue_position: 3 });

  const refused = await d.post('d', { 'idempotency-key': 'd-1' });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ code: 'no_place', retryable: true });
  expect(await metric('aaas_line_full_total')).toBe(1);
  const fleet = await platform.json('GET', '/api/v1/fleet');
  expect(fleet).toMatchObject({
    capacity: { places: 1, held: 1, idle: 0, free: 0 },
    queue: { waiting: 2, max: 2, workspaces: 1 },
    sandboxes: { ready: 1 },
  });
  expect(fleet.nodes).toMatchObject([
    { this_node: true, state: 'live', capacity: 1, load: { places: { working: 1 } } },
  ]);
  const { enforcement, warm_pool } = await platform.json('GET', '/health');
  expect(enforcement.isolation).toMatch(/^(sandbox|user|process)$/);
  expect(fleet.nodes[0].load).toMatchObject({ enforcement, warm_pool });

  const told = (await frames).filter(({ event }) => event === 'x.turn_accepted' || event === 'x.queue_position');
  expect(told.map(({ data }) => data.queue_position)).toEqual([2, 1]);
  for (const [agent, { turn_id }] of [
    [a, first],
    [a, second],
    [b, ofB],
    [c, again],
  ] as const)
    expect(await agent.ended(turn_id)).toMatchObject({ state: 'completed', queue_position: null });
  // Its first turn took longer than PLACE_SECONDS: the next one waited behind those of others.
  const began = async (agent: DeployedAgent, id: string) => Date.parse((await agent.turn(id)).started_at);
  expect(await began(a, second.turn_id)).toBeGreaterThan(await began(b, ofB.turn_id));
  expect((await d.say('d', { 'idempotency-key': 'd-1' })).response).toBe('Simulated reply 1: d');
});

it('lets idle agents sleep and starts wait while memory is short', async () => {
  const agent = await deploy();
  await agent.say('one');
  await set({ MEMORY_RESERVE_MB: 100_000_000 });
  await agent.reaches('hibernated');
  expect((await agent.view()).status_reason).toBe('memory_short');
  const turn = await agent.begin('two');
  await until(async () => {
    const { status, status_reason: reason } = await agent.view();
    return status === 'starting' && reason === 'memory_short';
  });
  expect(await agent.view()).toMatchObject({ next_action: 'it starts when there is memory', pid: null });
  const [node] = (await platform.json('GET', '/api/v1/fleet')).nodes;
  expect(node.load).toMatchObject({ starts: { waiting: 1, waiting_for: 'memory' }, memory: { short: true } });
  expect(await metric('aaas_starts{state="waiting"}')).toBe(1);
  await set({ MEMORY_RESERVE_MB: null });
  expect(await agent.ended(turn)).toMatchObject({ response: 'Simulated reply 2: two' });
  expect(gapsIn(await agent.timeline())).toEqual([]);
});

it('refuses an idle timeout that is none, naming the field', async () => {
  for (const idle_timeout_seconds of [-1, 1.5, 'never', 2_592_001]) {
    const body = { config: { agent_type: 'general', idle_timeout_seconds } };
    const response = await platform.request('POST', '/api/v1/agents', body);
    expect(response.status).toBe(422);
    expect(((await response.json()) as { errors: { field: string }[] }).errors[0]?.field).toBe(
      'config.idle_timeout_seconds',
    );
  }
});
