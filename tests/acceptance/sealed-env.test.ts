import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { openRows, type Rows } from '../support/rows.ts';
import { startTestPlatform } from '../support/test-platform.ts';

// What an agent prints ends up in its log: the values are joined with something else on the way.
const SHOW = script([
  { tool: 'Bash', input: { command: 'for name in ONE TWO; do printenv $name | sed "s/planted-/got /"; done; true' } },
  { text: '{{tool_result}}' },
]);

let platform: Platform;
let rows: Rows;
beforeAll(async () => {
  platform = await startTestPlatform();
  rows = openRows(platform);
});
afterAll(async () => {
  await rows?.close();
  await platform?.dispose();
});

const shown = async (agent: DeployedAgent) => (await agent.say(SHOW)).response.trim().split('\n');
const patch = (agent: DeployedAgent, config: object) => platform.json('PATCH', agent.path, { config });
const credentials = async (agent: DeployedAgent): Promise<(string | null)[]> =>
  (
    await rows.query(
      `select definition #>> '{sealed_env,credential}' as id from agent_versions where agent_id = $1 order by version`,
      [agent.id],
    )
  ).map(({ id }) => id);

/** Every row of the tables that hold what agents are, as text. */
async function stored(): Promise<string> {
  const [row] = await rows.query(
    `select concat((select string_agg(v::text, '') from agent_versions v), (select string_agg(c::text, '') from agent_credentials c)) as all`,
  );
  return row.all;
}

it('keeps values of variables sealed, through every change, and gives them to the agent alone', async () => {
  const agent = await deployAgent(platform, { env: { ONE: 'planted-1' } });
  expect(await shown(agent)).toEqual(['got 1']);
  await patch(agent, { env: { TWO: 'planted-2' } });
  expect(await shown(agent)).toEqual(['got 1', 'got 2']);
  // What does not touch them leaves them where they are, and what changes nothing makes no version.
  await patch(agent, { description: 'another' });
  expect((await patch(agent, { env: { ONE: 'planted-1' } })).version).toBe(3);
  expect((await patch(agent, { env: { ONE: null } })).config.env).toEqual({ TWO: '[set]' });
  expect(await shown(agent)).toEqual(['got 2']);
  await platform.json('POST', `${agent.path}/rollback`, { version: 1 });
  expect(await shown(agent)).toEqual(['got 1']);
  const [first, second, third, fourth, fifth] = await credentials(agent);
  expect(third).toBe(second);
  expect(new Set([first, second, fourth, fifth]).size).toBe(4);
  const { data } = await platform.json('GET', `${agent.path}/versions`);
  expect(data.map((version: { config: { env: object } }) => Object.keys(version.config.env).sort())).toEqual([
    ...[['ONE'], ['TWO'], ['ONE', 'TWO'], ['ONE', 'TWO'], ['ONE']],
  ]);
  expect(JSON.stringify(data)).not.toMatch(/planted|sealed_env|cred_/);

  const archive = await platform.request('GET', `${agent.path}/export?include_env=true`);
  const response = await fetch(`${platform.url}/api/v1/agents/import`, {
    method: 'POST',
    headers: { 'x-api-key': platform.key, 'content-type': 'application/gzip' },
    body: await archive.arrayBuffer(),
  });
  const { agent_id: copy } = (await response.json()) as { agent_id: string };
  const said = await platform.json('POST', `/api/v1/agents/${copy}/messages`, { message: SHOW });
  expect(said.response.trim()).toBe('got 1');
  expect(await stored()).not.toContain('planted');
  // Whoever copies the name of the row into an agent of his own opens nothing with it.
  const thief = await deployAgent(platform, {}, false);
  await rows.query(
    `update agent_versions set definition = jsonb_set(definition, '{sealed_env}',
       (select definition -> 'sealed_env' from agent_versions where agent_id = $1 and version = 1)) where agent_id = $2`,
    [agent.id, thief.id],
  );
  expect((await platform.request('GET', `${thief.path}/export?include_env=true`)).status).toBe(500);
});

it('seals what a platform of before has stored in plain, and forgets what was of a deleted agent', async () => {
  const plain = `update agent_versions set definition = definition - 'sealed_env' || jsonb_build_object('env', $2::jsonb) where agent_id = $1`;
  const old = await deployAgent(platform, { env: { ONE: 'x' } }, false);
  await patch(old, { description: 'another' });
  const gone = await deployAgent(platform, { env: { ONE: 'x' } }, false);
  await rows.query(plain, [old.id, { ONE: 'planted-old' }]);
  await rows.query(plain, [gone.id, { ONE: 'planted-gone' }]);
  // As it is, it works on.
  await old.order('start');
  expect(await shown(old)).toEqual(['got old']);
  await platform.json('DELETE', gone.path);
  expect(await stored()).toMatch(/planted-old[\s\S]*planted-gone|planted-gone[\s\S]*planted-old/);
  await platform.stop();
  await platform.start();
  await until(async () => !(await stored()).includes('planted'));
  const [first, second] = await credentials(old);
  expect(first).toMatch(/^cred_/);
  expect(second).toBe(first);
  expect(await credentials(gone)).toEqual([null]);
  expect(await shown(old)).toEqual(['got old']);
});

it('keeps nothing of the variables of a query', async () => {
  const count = async () => (await rows.query('select count(*)::int as n from agent_credentials'))[0].n;
  const before = await count();
  const config = { env: { ONE: 'planted-3' }, allowed_tools: ['Bash'] };
  const answer = await platform.json('POST', '/api/v1/query?agent_type=code', { message: SHOW, config });
  expect(answer.response.trim()).toBe('got 3');
  await until(async () => (await count()) === before);
});
