import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { findProcesses } from '../support/processes.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let upstream: RecordingUpstream;
let platform: Platform;
beforeAll(async () => {
  upstream = await startRecordingUpstream();
  platform = await startTestPlatform({ ANTHROPIC_BASE_URL: upstream.url, ANTHROPIC_API_KEY: 'sk-ant-any' });
});
afterAll(async () => {
  await platform?.dispose();
  await upstream?.close();
});

/** What each mode lets happen; null: a person is asked, and says no. */
const MODES = [
  { mode: 'default', Read: true, Write: null, Bash: null },
  { mode: 'acceptEdits', Read: true, Write: true, Bash: null },
  { mode: 'bypassPermissions', Read: true, Write: true, Bash: true },
  { mode: 'dontAsk', Read: true, Write: false, Bash: false },
  { mode: 'plan', Read: true, Write: false, Bash: false },
] as const;

describe.each(MODES)('permission mode $mode', ({ mode, ...allowed }) => {
  it('lets run what it allows, asks about what it leaves open, and denies the rest with an event', async () => {
    const agent = await deployAgent(platform, { permission_mode: mode });
    await agent.reaches('idle');
    writeFileSync(join(agent.directory, 'in.txt'), 'to be read', { mode: 0o644 });
    const calls = {
      Read: { file_path: join(agent.directory, 'in.txt') },
      Write: { file_path: join(agent.directory, 'written.txt'), content: 'x' },
      Bash: { command: 'echo x > made-by-bash.txt' },
    };
    const steps = Object.entries(calls).map(([tool, input]) => ({ tool, input }));
    const turn = await agent.begin(script([...steps, { text: 'done' }]));
    for (const name of Object.keys(allowed).filter((one) => allowed[one as keyof typeof allowed] === null)) {
      const path = `/api/v1/approvals?agent_id=${agent.id}&status=open`;
      let ask: { id: string; tool: string } | undefined;
      await until(async () => {
        ask = (await platform.json('GET', path)).data[0];
        return ask?.tool === name;
      }, 30_000);
      await platform.json('POST', `/api/v1/approvals/${ask?.id}`, { decision: 'deny', message: `no, in ${mode}` });
    }
    expect((await agent.ended(turn)).response).toBe('done');

    const log = await agent.log();
    for (const [name, may] of Object.entries(allowed)) {
      const isAllowed = may === true;
      const use = log.find((entry) => entry.type === 'agent.tool_use' && entry.name === name);
      const result = log.find((entry) => entry.type === 'agent.tool_result' && entry.tool_use_id === use?.id);
      const denial = log.find((entry) => entry.type === 'x.permission_denied' && entry.tool_use_id === use?.id);
      expect([name, use !== undefined, result?.is_error, denial === undefined]).toEqual([
        name,
        true,
        !isAllowed,
        may !== false,
      ]);
      expect(use?.evaluated_permission).toBe(may === null ? 'ask' : may ? 'allow' : 'deny');
      if (may === false) expect(denial?.message).toContain(mode);
      // The model must learn why, or it would try again.
      if (!isAllowed) expect(JSON.stringify(result?.content)).toContain(mode);
    }
    expect(JSON.stringify(log)).toContain('to be read');
    expect(existsSync(join(agent.directory, 'written.txt'))).toBe(allowed.Write === true);
    expect(existsSync(join(agent.directory, 'made-by-bash.txt'))).toBe(allowed.Bash === true);
  });
});

describe('allowed_tools', () => {
  it('are all that the model is offered', async () => {
    const agent = await deployAgent(platform, {
      allowed_tools: ['Read', 'Glob'],
      permission_mode: 'bypassPermissions',
    });
    const answer = await agent.say(script([{ tool: 'Bash', input: { command: 'echo x > x.txt' } }], 'only two tools'));
    expect(toolsOf('only two tools')).toEqual(['Glob', 'Read']);
    expect(answer.response).toContain('Bash');
    expect((await agent.log()).filter((entry) => entry.type === 'agent.tool_use')).toEqual([]);
    expect(existsSync(join(agent.directory, 'x.txt'))).toBe(false);
  });

  it('may be none', async () => {
    const agent = await deployAgent(platform, { allowed_tools: [] });
    await agent.say('no tools at all');
    expect(toolsOf('no tools at all')).toEqual([]);
  });

  it('are those of its type when the request names none', async () => {
    const { data } = await platform.json('GET', '/api/v1/agent-types');
    const { tools } = data.find((type: { name: string }) => type.name === 'research');
    const agent = await deployAgent(platform, { agent_type: 'research' });
    await agent.say('the tools of a researcher');
    expect(toolsOf('the tools of a researcher')).toEqual(tools.toSorted());
  });
});

describe('env', () => {
  const read = script([{ tool: 'Bash', input: { command: 'echo "[$COLOUR]"' } }, { text: '{{tool_result}}' }]);
  let agent: DeployedAgent;
  beforeAll(async () => {
    agent = await deployAgent(platform, { env: { COLOUR: 'ultramarine' } });
  });

  it('reaches the process of its agent and the tools, and no other agent', async () => {
    const other = await deployAgent(platform);
    expect((await agent.say(read)).response).toBe('[ultramarine]');
    expect((await other.say(read)).response).toBe('[]');
    expect(findProcesses(agent.root).every((found) => found.environment.includes('COLOUR=ultramarine'))).toBe(true);
    expect(findProcesses(other.root).some((found) => found.environment.includes('ultramarine'))).toBe(false);
  });

  it('is shown by its names alone', async () => {
    expect((await agent.view()).config.env).toEqual({ COLOUR: '[set]' });
    const session = await platform.json('GET', `/v1/sessions/${agent.sessionId}`);
    expect(JSON.stringify(session)).not.toContain('ultramarine');
  });

  it.each(['ANTHROPIC_BASE_URL', 'PATH', 'LD_PRELOAD', 'NODE_OPTIONS', 'CLAUDE_CONFIG_DIR', 'no spaces'])(
    'refuses %s',
    async (name) => {
      const body = { config: { agent_type: 'code', env: { [name]: 'x' } }, auto_start: false };
      const response = await platform.request('POST', '/api/v1/agents', body);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ code: 'invalid_request', detail: expect.stringContaining('env') });
    },
  );
});

describe('what the model is told', () => {
  it('holds personality, language and the prompt of the type', async () => {
    const agent = await deployAgent(platform, {
      agent_type: 'finance',
      personality: 'As dry as dust.',
      language: 'Klingon',
    });
    await agent.say('who are you?');
    const { system_prompt: prompt } = (await agent.view()).config;
    const system = systemOf('who are you?');
    for (const part of [prompt, 'As dry as dust.', 'Klingon']) expect(system).toContain(part);
  });

  it('holds the prompt of the request in place of the prompt of the type', async () => {
    const prompt = 'You are the lighthouse keeper of Ushant.';
    const agent = await deployAgent(platform, { agent_type: 'finance', system_prompt: prompt });
    await agent.say('and who are you?');
    const { data } = await platform.json('GET', '/api/v1/agent-types');
    const ofType = data.find((type: { name: string }) => type.name === 'finance').system_prompt;
    expect(systemOf('and who are you?')).toContain(prompt);
    expect(systemOf('and who are you?')).not.toContain(ofType);
  });

  it('goes to the model of the definition, with its limits', async () => {
    const agent = await deployAgent(platform, { model: 'claude-opus-5-5', max_tokens: 1_234 });
    const answer = await agent.say('which model are you?');
    expect(answer.metadata.model).toBe('claude-opus-5-5');
    expect(requestOf('which model are you?').body).toMatchObject({ model: 'claude-opus-5-5', max_tokens: 1_234 });
  });

  it('carries the temperature where the request does not think', async () => {
    const config = { agent_type: 'general', temperature: 0.25 };
    const plain = await deployAgent(platform, { ...config, model: 'claude-3-5-haiku-20241022' });
    await plain.say('how warm is it?');
    expect(requestOf('how warm is it?').body).toMatchObject({ temperature: 0.25 });
    expect(requestOf('how warm is it?').body.thinking).toBe(undefined);
    // A provider refuses a request that does both.
    const thinker = await deployAgent(platform, { ...config, model: 'claude-opus-5-5' });
    await thinker.say('is it warm at all?');
    expect(requestOf('is it warm at all?').body.thinking).toBeDefined();
    expect(requestOf('is it warm at all?').body.temperature).toBe(undefined);
  });

  it('ends after max_turns model requests', async () => {
    const agent = await deployAgent(platform, { max_turns: 2 });
    const bash = { tool: 'Bash', input: { command: 'echo again >> again.txt' } };
    const turn = await agent.begin(script([bash, bash, bash, bash, { text: 'never said' }], 'a long way'));
    expect(await agent.ended(turn)).toMatchObject({ state: 'completed', stop_reason: 'max_turns' });
    expect(upstream.asked('a long way')).toHaveLength(2);
  });
});

/** The request in which the model was asked about a message. */
function requestOf(text: string) {
  const [request] = upstream.asked(text);
  if (!request) throw new Error(`the model was never asked about ${text}`);
  return request;
}

function toolsOf(text: string): string[] {
  const names = (requestOf(text).body.tools ?? []).map((tool: { name: string }) => tool.name) as string[];
  // Claude Code's own, and no tool: nothing happens when it is called.
  return names.filter((name) => name !== 'DeferredToolPlaceholder').toSorted();
}

function systemOf(text: string): string {
  const { system } = requestOf(text).body;
  return typeof system === 'string' ? system : system.map((block: { text: string }) => block.text).join('\n');
}
