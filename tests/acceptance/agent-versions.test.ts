import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type ObservedPlatform, startObservedPlatform } from '../support/observed-platform.ts';
import { script, until } from '../support/platform.ts';
import { isAlive } from '../support/processes.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';

let upstream: RecordingUpstream;
let platform: ObservedPlatform;
beforeAll(async () => {
  upstream = await startRecordingUpstream();
  platform = await startObservedPlatform({ ANTHROPIC_BASE_URL: upstream.url });
});
afterAll(async () => {
  await platform?.dispose();
  await upstream?.close();
});

const change = (agent: DeployedAgent, body: object, headers?: Record<string, string>) =>
  platform.request('PATCH', agent.path, body, headers);
// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
const changed = (agent: DeployedAgent, config: object): Promise<any> => platform.json('PATCH', agent.path, { config });
const versions = async (agent: DeployedAgent) => (await platform.json('GET', `${agent.path}/versions`)).data;
/** What the model was asked with, last, for a message. */
const asked = (text: string) => upstream.asked(text).at(-1)?.body;

it('ends the running turn with the version it began with, and works with the new one from the next turn on', async () => {
  const agent = await deployAgent(platform, { model: 'claude-sonnet-4-5', system_prompt: 'You are the first.' });
  await agent.say(script([{ tool: 'Write', input: { file_path: 'kept.txt', content: 'kept' } }]));
  const { pid } = await agent.view();
  const running = await agent.begin(
    script([{ tool: 'Bash', input: { command: 'sleep 1; echo slept' } }, { text: 'old: {{tool_result}}' }], 'running'),
  );
  await until(() => upstream.asked('running').length > 0);
  const queued = await agent.begin('queued behind it');
  const view = await changed(agent, { model: 'claude-opus-5-5', system_prompt: 'You are the second.' });
  expect(view).toMatchObject({
    version: 2,
    active_version: 1,
    config: { model: 'claude-opus-5-5' },
    status: 'running',
  });
  const accepted = await agent.begin('sent after the change');

  expect(await agent.ended(running)).toMatchObject({
    state: 'completed',
    response: 'old: slept',
    model: 'claude-sonnet-4-5',
  });
  expect(upstream.asked('running').length).toBeGreaterThan(1);
  for (const { body } of upstream.asked('slept').filter((one) => !one.text.includes('queued'))) {
    expect(body.model).toBe('claude-sonnet-4-5');
    expect(JSON.stringify(body.system)).toContain('You are the first.');
  }
  expect(await agent.ended(queued)).toMatchObject({
    response: 'Simulated reply 3: queued behind it',
    model: 'claude-opus-5-5',
  });
  expect(await agent.ended(accepted)).toMatchObject({ response: 'Simulated reply 4: sent after the change' });
  for (const text of ['queued behind it', 'sent after the change']) {
    expect(asked(text).model).toBe('claude-opus-5-5');
    expect(JSON.stringify(asked(text).system)).toContain('You are the second.');
    expect(JSON.stringify(asked(text).system)).not.toContain('You are the first.');
  }
  const after = await agent.view();
  expect(after).toMatchObject({ version: 2, active_version: 2, restarts: 0 });
  expect(after.pid).not.toBe(pid);
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(`${agent.directory}/kept.txt`)).toBe(true);

  const log = await agent.log();
  const place = (type: string, turn: string) => log.find((entry) => entry.type === type && entry.turn_id === turn)?.seq;
  const adopted = log.find((entry) => entry.type === 'x.version_changed');
  expect(adopted).toMatchObject({ from: 1, to: 2, turn_id: null });
  expect(adopted?.seq).toBeGreaterThan(place('session.status_idle', running) ?? Number.POSITIVE_INFINITY);
  expect(adopted?.seq).toBeLessThan(place('user.message', queued) ?? 0);
  expect((await agent.timeline()).map((step) => step.reason)).toContain('version_changed');
});

it('gives no message that was sent after a change to the version before it', async () => {
  const agent = await deployAgent(platform);
  await agent.say('warm');
  for (const [n, model] of ['claude-opus-5-5', 'claude-haiku-4-5', 'claude-sonnet-4-5'].entries()) {
    await changed(agent, { model });
    const answer = await agent.say(`after change ${n}`);
    expect(answer.metadata.model).toBe(model);
    expect(asked(`after change ${n}`).model).toBe(model);
  }
  expect((await agent.view()).messages_count).toBe(4);
});

it('makes no version of what changes nothing, and no process of what it can change without', async () => {
  const agent = await deployAgent(platform, { name: 'before', temperature: 0.25 });
  await agent.reaches('idle');
  const { pid } = await agent.view();
  expect(await changed(agent, {})).toMatchObject({ version: 1 });
  expect(await changed(agent, { name: 'before', agent_type: 'code', temperature: 0.25 })).toMatchObject({ version: 1 });
  expect(await changed(agent, { name: 'after', temperature: 0.75 })).toMatchObject({
    version: 2,
    config: { name: 'after' },
  });
  await until(async () => (await agent.view()).active_version === 2);
  expect(await agent.view()).toMatchObject({ pid, status: 'idle' });
  await agent.say('how warm?');
  expect((await agent.view()).pid).toBe(pid);
  const named = (await platform.json('GET', '/api/v1/agents?name=after')).data;
  expect(named.map((one: { id: string }) => one.id)).toEqual([agent.id]);
});

it('merges: what is left out stays, null takes what the type brings, variables merge by name and stay secret', async () => {
  const agent = await deployAgent(platform, {
    agent_type: 'research',
    name: 'merged',
    system_prompt: 'Mine.',
    max_turns: 7,
    allowed_tools: ['Bash'],
    permission_mode: 'bypassPermissions',
    env: { KEPT: 'kept-value', GONE: 'gone-value', NEW: 'old-value' },
  });
  const print = () =>
    agent.say(script([{ tool: 'Bash', input: { command: 'echo "[$KEPT|$GONE|$NEW]"' } }, { text: '{{tool_result}}' }]));
  expect((await print()).response).toBe('[kept-value|gone-value|old-value]');
  const view = await changed(agent, { env: { GONE: null, NEW: 'new-value' }, max_turns: null });
  expect(view.config).toMatchObject({ env: { KEPT: '[set]', NEW: '[set]' }, max_turns: null, system_prompt: 'Mine.' });
  expect(view.config.env).not.toHaveProperty('GONE');
  expect((await print()).response).toBe('[kept-value||new-value]');

  const types = (await platform.json('GET', '/api/v1/agent-types')).data as { name: string; system_prompt: string }[];
  const reset = await changed(agent, {
    system_prompt: null,
    name: null,
    env: null,
    allowed_tools: null,
    permission_mode: null,
  });
  expect(reset.config).toMatchObject({
    system_prompt: types.find((type) => type.name === 'research')?.system_prompt,
    name: `research-${agent.id.slice(-6)}`,
    env: {},
  });
  const history = JSON.stringify(await versions(agent));
  for (const secret of ['kept-value', 'gone-value', 'old-value', 'new-value']) expect(history).not.toContain(secret);
});

it('keeps every version, and rolls back to one by making another', async () => {
  const agent = await deployAgent(platform, { model: 'claude-haiku-4-5', env: { WHICH: 'first' } });
  await changed(agent, { model: 'claude-opus-5-5', env: { WHICH: 'second' } });
  await changed(agent, { model: 'claude-sonnet-4-5' });
  const rolled = await platform.request('POST', `${agent.path}/rollback`, { version: 1 });
  expect(rolled.status).toBe(200);
  expect(rolled.headers.get('etag')).toBe('"4"');
  expect(await rolled.json()).toMatchObject({ version: 4, config: { model: 'claude-haiku-4-5' } });
  const print = script([{ tool: 'Bash', input: { command: 'echo $WHICH' } }, { text: '{{tool_result}}' }]);
  expect(await agent.say(print)).toMatchObject({ response: 'first', metadata: { model: 'claude-haiku-4-5' } });

  const list = await versions(agent);
  expect(list.map((one: { version: number }) => one.version)).toEqual([4, 3, 2, 1]);
  expect(list[0]).toMatchObject({ rolled_back_to: 1, config: list[3].config });
  expect(await platform.json('GET', `${agent.path}/versions/3`)).toEqual(list[1]);
  const first = await platform.json('GET', `${agent.path}/versions?limit=3`);
  expect(first.data.length).toBe(3);
  const rest = await platform.json('GET', `${agent.path}/versions?limit=3&cursor=${first.next_cursor}`);
  expect([...first.data, ...rest.data]).toEqual(list);
  expect(rest.next_cursor).toBe(null);
  // What it is already makes no version.
  expect(await platform.json('POST', `${agent.path}/rollback`, { version: 1 })).toMatchObject({ version: 4 });
  for (const [method, path, body] of [
    ['POST', `${agent.path}/rollback`, { version: 9 }],
    ['GET', `${agent.path}/versions/9`, undefined],
    ['GET', '/api/v1/agents/agent_none/versions', undefined],
  ] as const) {
    expect([path, (await platform.request(method, path, body)).status]).toEqual([path, 404]);
  }
});

it('refuses a change that was made of another version, and lets one of many through', async () => {
  const agent = await deployAgent(platform, {}, false);
  const etag = (await platform.request('GET', agent.path)).headers.get('etag') as string;
  expect(etag).toBe('"1"');
  const results = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      n % 2 === 0
        ? change(agent, { config: { max_turns: n + 1 } }, { 'if-match': etag })
        : change(agent, { config: { max_turns: n + 1 }, version: 1 }),
    ),
  );
  expect(results.map((result) => result.status).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
  const lost = await results.find((result) => result.status === 409)?.json();
  expect(lost).toMatchObject({ code: 'version_conflict', detail: expect.stringContaining('version 2') });
  // Without a version each builds on the one before.
  await Promise.all(Array.from({ length: 5 }, (_, n) => changed(agent, { env: { [`E${n}`]: 'x' } })));
  const view = await agent.view();
  expect(view.version).toBe(7);
  expect(Object.keys(view.config.env)).toHaveLength(5);
  expect(view.status).toBe('stopped');
  await until(async () => (await agent.view()).active_version === 7);
});

it('says what is wrong with a change', async () => {
  const agent = await deployAgent(platform, {}, false);
  const cases: [object, string][] = [
    [{ config: { agent_type: 'research' } }, 'config.agent_type'],
    [{ config: { modle: 'x' } }, 'config.modle'],
    [{ config: { max_turns: 0 } }, 'config.max_turns'],
    [{ config: { model: 'claude-nobody-has' } }, 'config.model'],
    [{ config: { env: { PATH: 'x' } } }, 'config.env.PATH'],
    [{ config: { env: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`E${n}`, 'x'])) } }, 'config.env'],
    [{ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, 'x'])) }, 'metadata'],
    [{ version: 0 }, 'version'],
    [{ conifg: {} }, 'conifg'],
  ];
  for (const [body, field] of cases) {
    const response = await change(agent, body);
    const problem = (await response.json()) as { errors: { field: string }[] };
    expect([body, response.status, problem.errors?.[0]?.field]).toEqual([body, 422, field]);
  }
  expect((await change(agent, {}, { 'if-match': 'W/nonsense' })).status).toBe(422);
  expect((await agent.view()).version).toBe(1);
});

it('takes a change while it sleeps, and after a crash in the middle of a turn', async () => {
  const agent = await deployAgent(platform, { model: 'claude-haiku-4-5' });
  await agent.say('one');
  await agent.order('hibernate');
  await agent.reaches('hibernated');
  await changed(agent, { model: 'claude-sonnet-4-5' });
  await until(async () => (await agent.view()).active_version === 2);
  expect(await agent.view()).toMatchObject({ status: 'hibernated', pid: null });
  expect((await agent.say('two')).metadata.model).toBe('claude-sonnet-4-5');

  const running = await agent.begin(
    script([{ tool: 'Bash', input: { command: 'sleep 2' } }, { text: 'survived' }], 'crashing'),
  );
  await until(() => upstream.asked('crashing').length > 0);
  await changed(agent, { model: 'claude-opus-5-5' });
  await platform.crash();
  await platform.start();
  expect(await agent.ended(running)).toMatchObject({ state: 'completed', model: 'claude-sonnet-4-5' });
  expect((await agent.say('three')).metadata.model).toBe('claude-opus-5-5');
  expect(asked('three').model).toBe('claude-opus-5-5');
});
