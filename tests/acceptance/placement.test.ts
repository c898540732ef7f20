import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, type LogEntry } from '../support/deployed-agent.ts';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';
import { passableDirectory } from '../support/test-platform.ts';

const bin = systemPostgres();
if (!bin) console.warn('skipped: no system PostgreSQL under /usr/lib/postgresql; install the package postgresql');

it.runIf(process.env.CI)('finds a system PostgreSQL in CI', () => {
  expect(bin).not.toBeNull();
});

const idOf = ({ dataDir }: Platform) => readFileSync(join(dataDir, 'node.id'), 'utf8').trim();

describe.skipIf(!bin)('two nodes in two regions on one PostgreSQL', () => {
  let server: PostgresServer;
  let eu: Platform;
  let us: Platform;
  const store = passableDirectory();
  beforeAll(async () => {
    server = await startPostgresServer(bin as string);
    const env = {
      DATABASE_URL: server.url,
      API_KEY: 'aaas_placement-test-admin-key',
      DRAIN_TIMEOUT: '2',
      REGION_FAILOVER_SECONDS: '3',
      DIRECTORY_STORE: `file://${store}`,
    };
    eu = await startPlatform({ ...env, REGION: 'eu', NODE_LABELS: 'gpu=a100, disk=ssd' });
    us = await startPlatform({ ...env, REGION: 'us' });
    await until(async () => (await stateOf(eu)) === 'live' && (await stateOf(us)) === 'live');
  });
  afterAll(async () => {
    await Promise.all([eu?.dispose(), us?.dispose()]);
    await server?.close();
    rmSync(store, { recursive: true, force: true });
  });

  const nodeIn = async (node: Platform) =>
    (await us.json('GET', '/api/v1/fleet')).nodes.find((one: { id: string }) => one.id === idOf(node));
  const stateOf = async (node: Platform) => (await nodeIn(node))?.state;
  const drain = (node: Platform, undo = false) => us.json('POST', '/api/v1/fleet/drain', { node_id: idOf(node), undo });
  const drained = (node: Platform) => until(async () => (await stateOf(node)) === 'drained', 60_000);

  it('shows regions and labels, and runs agents where they ask to', async () => {
    const fleet = await us.json('GET', '/api/v1/fleet');
    expect(await nodeIn(eu)).toMatchObject({
      region: 'eu',
      labels: { gpu: 'a100', disk: 'ssd' },
      draining_since: null,
    });
    expect(fleet.regions).toMatchObject([
      { region: 'eu', nodes: 1 },
      { region: 'us', nodes: 1 },
    ]);
    // Made through us, at home there; asked of eu by label, by region.
    const home = await deployAgent(us);
    const labelled = await deployAgent(us, { placement: { labels: { gpu: 'a100' }, region: 'eu' } });
    expect((await home.say('one')).response).toBe('Simulated reply 1: one');
    expect((await labelled.say('one')).response).toBe('Simulated reply 1: one');
    expect(await home.view()).toMatchObject({ node: idOf(us), region: 'us', config: { placement: null } });
    expect(await labelled.view()).toMatchObject({ node: idOf(eu), region: 'eu' });

    const made = await us.json('POST', '/api/v1/sessions', {
      agent_id: home.id,
      placement: { region: 'eu', region_policy: 'require' },
    });
    expect(made).toMatchObject({ region: 'eu', placement: { region: 'eu', region_policy: 'require' } });
    const path = `/api/v1/sessions/${made.id}`;
    await until(async () => (await us.json('GET', path)).node === idOf(eu));
    await us.json('DELETE', path);

    // Another version may ask for another place: it moves between turns and goes on with its conversation.
    await us.json('PATCH', labelled.path, {
      config: { placement: { labels: null, region: 'us', region_policy: 'require' } },
    });
    await until(async () => (await labelled.view()).node !== idOf(eu));
    expect((await labelled.say('two')).response).toBe('Simulated reply 2: two');
    expect(await labelled.view()).toMatchObject({ node: idOf(us), region: 'us' });
    for (const agent of [home, labelled]) await us.json('DELETE', agent.path);
  });

  it('refuses what makes no sense, and tells what waits in vain what it waits for', async () => {
    const refused = async (placement: unknown) => {
      const answer = await us.request('POST', '/api/v1/agents', { config: { agent_type: 'code', placement } });
      expect(answer.status).toBe(422);
      return JSON.stringify(await answer.json());
    };
    expect(await refused({ region_policy: 'require' })).toContain('config.placement.region_policy');
    expect(await refused({ labels: { 'a b': 'x' } })).toContain('config.placement.labels');
    expect(await refused({ labels: { gpu: '' } })).toContain('config.placement.labels.gpu');
    expect(await refused({ region: 'EU!' })).toContain('config.placement.region');
    expect(await refused({ zone: 'a' })).toContain('zone');
    expect((await us.request('POST', '/api/v1/fleet/drain', { node_id: 'node_unknown' })).status).toBe(404);
    expect((await us.request('POST', '/api/v1/fleet/drain', { node: 'x' })).status).toBe(422);

    const agent = await deployAgent(us, { placement: { labels: { gpu: 'h100' } } });
    const turn = await agent.begin('hello');
    await until(async () => (await agent.view()).status_reason === 'no_matching_node');
    expect(await agent.view()).toMatchObject({
      status: 'starting',
      status_detail: expect.stringContaining('gpu=h100'),
      next_action: expect.stringContaining('gpu=h100'),
    });
    expect((await us.json('GET', '/api/v1/fleet')).queue).toMatchObject({ waiting: 0, unplaced: 1 });
    await us.json('PATCH', agent.path, { config: { placement: { labels: { gpu: 'a100' } } } });
    expect(await agent.ended(turn)).toMatchObject({ state: 'completed', response: 'Simulated reply 1: hello' });
    expect((await agent.view()).node).toBe(idOf(eu));
    // It may be deleted, whatever it asks for.
    const other = await deployAgent(us, { placement: { labels: { gpu: 'none' } } });
    await us.json('DELETE', other.path);
    await until(async () => (await us.request('GET', other.path)).status === 404);
    await us.json('DELETE', agent.path);
  });

  it('drains a node under load: every message is answered once and in order', { timeout: 180_000 }, async () => {
    const agents = await Promise.all(Array.from({ length: 5 }, () => deployAgent(eu)));
    await Promise.all(agents.map((agent) => agent.say('begin')));
    const [busy, writes] = agents as [DeployedAgent, DeployedAgent];
    await writes.say(script([{ tool: 'Bash', input: { command: 'echo kept > kept.txt' } }, { text: 'written' }]));
    // Longer than a drained node waits for it.
    const long = await busy.begin(script([{ wait_ms: 5_000 }, { text: 'long {{n}}' }]));
    await until(async () => (await busy.turn(long)).state === 'running');

    const answers = new Map<string, string[]>();
    let stop = false;
    const talk = async (agent: DeployedAgent, through: Platform) => {
      const heard: string[] = [];
      answers.set(agent.id, heard);
      for (let n = 2; !stop || n < 6; n++) {
        const path = `${agent.path}/messages`;
        heard.push((await through.json('POST', path, { message: `m${n}` })).response);
      }
    };
    const talking = agents.slice(1).map((agent, n) => talk(agent, n % 2 ? eu : us));
    const queued = [await busy.begin('queued one'), await busy.begin('queued two')];
    expect(await drain(eu)).toMatchObject({ id: idOf(eu), state: 'draining' });
    await drained(eu);
    expect(await nodeIn(eu)).toMatchObject({ owned: 0 });
    expect(await us.json('GET', '/health')).toMatchObject({ status: 'ok' });
    // Its API goes on serving.
    expect((await fetch(`${eu.url}/health/ready`)).status).toBe(200);
    // Back again while they talk, and the other one goes.
    expect(await drain(eu, true)).toMatchObject({ state: 'live', draining_since: null });
    await drain(us);
    await drained(us);
    stop = true;
    await Promise.all(talking);

    expect(await busy.ended(long, 60_000)).toMatchObject({ state: 'completed', response: 'long 2' });
    for (const [n, turn] of queued.entries())
      expect(await busy.ended(turn, 60_000)).toMatchObject({ response: expect.stringContaining(`reply ${3 + n}`) });
    for (const agent of agents.slice(1)) {
      const heard = answers.get(agent.id) ?? [];
      const first = agent === writes ? 3 : 2;
      expect(heard).toEqual(heard.map((_, n) => `Simulated reply ${n + first}: m${n + 2}`));
      const log = await agent.log();
      expect(log.map((event) => event.seq)).toEqual(log.map((_, index) => index + 1));
      expect(log.filter(isMessage)).toHaveLength(heard.length + first - 1);
    }
    expect(await (await us.request('GET', `${writes.path}/files/kept.txt`)).text()).toBe('kept\n');
    const moved = (await busy.timeline()).map(({ reason }) => reason);
    expect(moved).toContain('node_drained');
    await drain(us, true);
    for (const agent of agents) await us.json('DELETE', agent.path);
  });

  it('keeps what is under way when a drain is undone, and waits when all nodes drain', {
    timeout: 120_000,
  }, async () => {
    const agent = await deployAgent(us);
    await agent.say('one');
    const { pid } = await agent.view();
    const turn = await agent.begin(script([{ wait_ms: 1_500 }, { text: 'undisturbed' }]));
    await agent.reaches('running');
    await drain(us);
    await agent.reaches('draining');
    await drain(us, true);
    expect(await agent.ended(turn)).toMatchObject({ response: 'undisturbed', attempts: 1 });
    await agent.reaches('idle');
    expect(await agent.view()).toMatchObject({ pid, node: idOf(us) });

    await drain(us);
    await drain(eu);
    await Promise.all([drained(us), drained(eu)]);
    expect((await agent.view()).status).toBe('hibernated');
    const waits = await agent.begin('anybody there?');
    await until(async () => (await agent.view()).status_reason === 'no_matching_node');
    expect((await agent.view()).next_action).toContain('a node takes work again');
    await drain(us, true);
    expect(await agent.ended(waits, 60_000)).toMatchObject({ response: 'Simulated reply 3: anybody there?' });
    await drain(eu, true);
    await us.json('DELETE', agent.path);
  });

  it('goes to the other region when its own is gone for long enough, and not before', {
    timeout: 120_000,
  }, async () => {
    const agent = await deployAgent(us, { placement: { region: 'eu' } });
    const bound = await deployAgent(us, { placement: { region: 'eu', region_policy: 'require' } });
    await agent.say('one');
    expect((await agent.view()).node).toBe(idOf(eu));
    await agent.order('hibernate');
    await agent.reaches('hibernated');
    await eu.stop();
    const began = Date.now();
    const turn = await agent.begin('two');
    await bound.begin('hello');
    expect(await agent.ended(turn, 60_000)).toMatchObject({ response: 'Simulated reply 2: two' });
    expect(Date.now() - began).toBeGreaterThan(1_500);
    expect((await agent.view()).node).toBe(idOf(us));
    await until(async () => (await bound.view()).status_reason === 'no_matching_node');
    expect(await bound.view()).toMatchObject({
      status_reason: 'no_matching_node',
      next_action: expect.stringContaining('region eu'),
    });
  });
});

function isMessage(event: LogEntry): boolean {
  return event.type === 'user.message';
}
