import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Autoscaler, ScaleDecision } from '../../packages/contract/src/autoscaler.ts';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const PATH = '/api/v1/fleet/autoscaler';

let platform: Platform;
beforeAll(async () => {
  platform = await startTestPlatform({
    ...{ MAX_AGENTS: '6', MIN_AGENTS: '1', WARM_POOL_MEMORY_PERCENT: '50', AGENT_IDLE_TIMEOUT: '60' },
    ...{ SCALE_LOOP_SECONDS: '1', SCALE_WINDOW_SECONDS: '3', SCALE_MIN_IDLE_SECONDS: '3', MAX_NODES: '3' },
    ...{ SCALE_UP_COOLDOWN_SECONDS: '0', SCALE_DOWN_COOLDOWN_SECONDS: '1', IDLE_GRACE_SECONDS: '0' },
    // The test is of agents, not of the machine that it runs on.
    ...{ SCALE_UP_THRESHOLD: '0.99', SCALE_START_SECONDS: '0' },
  });
});
afterAll(() => platform?.dispose());

const view = (): Promise<Autoscaler> => platform.json('GET', PATH);
async function decisions(wanted: Partial<ScaleDecision>): Promise<ScaleDecision[]> {
  const { data } = (await platform.json('GET', `${PATH}?limit=100`)) as Autoscaler;
  return data.filter((one) =>
    Object.entries(wanted).every(([key, value]) => one[key as keyof ScaleDecision] === value),
  );
}
const spares = async () => (await view()).nodes[0]?.spares?.target ?? 0;
async function metric(series: string): Promise<number> {
  const text = await (await platform.request('GET', '/metrics')).text();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line ? Number(line.slice(series.length + 1)) : Number.NaN;
}

it('keeps more spares in a burst, fewer when it is over, and puts idle agents to sleep sooner, the oldest first', {
  timeout: 120_000,
}, async () => {
  await until(async () => (await view()).nodes[0]?.spares?.ready === 1, 30_000);
  const kept = await deployAgent(platform, { agent_type: 'general', idle_timeout_seconds: 0 });
  const agents: DeployedAgent[] = [];
  // Faster than spares are made.
  for (let n = 0; n < 3; n++) agents.push(await deployAgent(platform, { agent_type: 'general' }));
  await until(async () => (await spares()) > 1, 20_000);
  const [grown] = await decisions({ target: 'spares', action: 'up' });
  expect(grown).toMatchObject({
    ...{ scope: 'node', signal: 'spare_use', threshold: 0.99, reason: 'use_high' },
    ...{ to: (grown?.from as number) + Math.ceil((grown?.from as number) / 2), cooldown_until: expect.any(String) },
  });
  expect(grown?.value).toBeGreaterThan(0.99);
  // More are kept than the rate of starts alone asks for.
  await until(async () => (await platform.json('GET', '/health')).warm_pool.ready >= 2, 30_000);

  const [, , youngest] = agents as [DeployedAgent, DeployedAgent, DeployedAgent];
  await youngest.say('hello');

  // From here on nobody says anything: spares go, and whoever has been idle for longest sleeps, long before a minute.
  await until(async () => (await spares()) === 1, 30_000);
  for (const agent of agents) await agent.reaches('hibernated', 30_000);
  const slept = await Promise.all(agents.map(async (agent) => (await agent.timeline()).findLast(asleep)));
  expect(slept.map((step) => step?.reason)).toEqual(agents.map(() => 'idle_timeout'));
  const at = await Promise.all(agents.map(async (agent) => Date.parse((await agent.view()).status_since)));
  // Those that go at one look end within moments of each other, in any order.
  expect(Math.max(...at) - (at[2] as number)).toBeLessThan(500);
  const shortened = await decisions({ target: 'idle_seconds', action: 'down' });
  expect(shortened.at(-1)).toMatchObject({ from: 60, to: 42, signal: 'activity', threshold: 0.3, reason: 'use_low' });
  // What an agent says of itself is stronger.
  expect((await kept.view()).status).toBe('idle');
  expect(await metric('aaas_scale_target{target="idle_seconds"}')).toBeLessThan(60);
  expect(await metric('aaas_scale_decisions_total{scope="node",target="spares",action="up"}')).toBeGreaterThan(0);
  expect((await youngest.say('again')).response).toBe('Simulated reply 2: again');
});

it('wants more nodes while all places work and others wait, and says so to whoever starts them', {
  timeout: 60_000,
}, async () => {
  await platform.json('PATCH', '/api/v1/settings', { MAX_AGENTS: 2, PLACE_SECONDS: 60, WARM_POOL_MEMORY_PERCENT: 0 });
  const desired = () => platform.json('GET', `${PATH}/desired`);
  await until(async () => (await desired()).desired_nodes === 1);
  const agents = await Promise.all([0, 1, 2, 3].map(() => deployAgent(platform)));
  const turns = await Promise.all(agents.map((agent) => agent.begin(script([{ wait_ms: 4_000 }, { text: 'done' }]))));
  // One node more is on its way as far as anybody knows: nothing else is asked for.
  await until(async () => (await desired()).desired_nodes === 2, 20_000);
  expect(await desired()).toMatchObject({ live_nodes: 1, min_nodes: 1, max_nodes: 3 });
  expect(await metric('aaas_fleet_desired_nodes')).toBe(2);
  const [grown] = await decisions({ scope: 'fleet', action: 'up' });
  expect(grown).toMatchObject({ from: 1, to: 2, node_id: null, target: 'nodes', signal: 'use', threshold: 0.99 });
  expect(grown?.signals).toMatchObject({ nodes: 1, places: 2 });
  await until(async () => (await view()).fleet.reason === 'nodes_coming', 10_000);
  for (const [index, turn] of turns.entries())
    expect(await agents[index]?.ended(turn, 60_000)).toMatchObject({ state: 'completed' });
  // Nobody works any more: back to one.
  await until(async () => (await desired()).desired_nodes === 1, 20_000);

  const page: Autoscaler = await platform.json('GET', `${PATH}?scope=fleet&limit=1`);
  expect(page.data).toHaveLength(1);
  const next: Autoscaler = await platform.json('GET', `${PATH}?scope=fleet&limit=1&cursor=${page.next_cursor}`);
  expect(next.data[0]?.id).toBeLessThan(page.data[0]?.id as number);
  expect(next.data[0]?.scope).toBe('fleet');
});

it('moves nothing when it is switched off, and refuses rules that contradict each other', async () => {
  await platform.json('PATCH', '/api/v1/settings', { ENABLE_AUTO_SCALING: false });
  await until(async () => (await view()).fleet.reason === 'switched_off');
  // As the settings have it.
  await until(async () => (await view()).nodes[0]?.idle_seconds === 60);
  for (const [field, change] of [
    ['MIN_NODES', { MIN_NODES: 4 }],
    ['SCALE_DOWN_THRESHOLD', { SCALE_DOWN_THRESHOLD: 0.99 }],
    ['SCALE_WINDOW_SECONDS', { SCALE_LOOP_SECONDS: 30 }],
    ['SCALE_UP_THRESHOLD', { SCALE_UP_THRESHOLD: 80 }],
  ] as const) {
    const response = await platform.request('PATCH', '/api/v1/settings', change);
    expect(response.status).toBe(422);
    expect(((await response.json()) as { errors: { field: string }[] }).errors[0]?.field).toBe(field);
  }
  const own = await platform.json('POST', '/api/v1/keys', { name: 'agents', scopes: ['agents:read'] });
  for (const path of [PATH, `${PATH}/desired`])
    expect((await platform.request('GET', path, undefined, { 'x-api-key': own.key })).status).toBe(403);
});

function asleep({ to }: { to: string }): boolean {
  return to === 'hibernated';
}
