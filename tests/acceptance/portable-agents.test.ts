import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, gapsIn } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
let agent: DeployedAgent;
let archive: Buffer;
beforeAll(async () => {
  platform = await startTestPlatform({ MAX_ARCHIVE_BYTES: '3000000' });
  agent = await deployAgent(platform, { name: 'traveller', env: { SECRET_WORD: 'abracadabra' } });
  const steps = [
    { tool: 'Write', input: { file_path: `${agent.directory}/notes.txt`, content: 'packed' } },
    { tool: 'Bash', input: { command: 'ln -s notes.txt in; ln -s /etc/passwd out; mkfifo pipe; chmod 755 notes.txt' } },
  ];
  await agent.say(script(steps));
  await agent.say('one more');
  archive = await exported(agent);
});
afterAll(() => platform?.dispose());

async function exported(of: DeployedAgent, query = ''): Promise<Buffer> {
  const response = await platform.request('GET', `${of.path}/export${query}`);
  if (!response.ok) throw new Error(await response.text());
  return Buffer.from(await response.arrayBuffer());
}

function send(body: Buffer, query = '', key = platform.key): Promise<Response> {
  return fetch(`${platform.url}/api/v1/agents/import${query}`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'x-api-key': key, 'content-type': 'application/gzip' },
  });
}

// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
async function imported(body: Buffer, query = ''): Promise<any> {
  const response = await send(body, query);
  if (response.status !== 201) throw new Error(await response.text());
  return response.json();
}

/** Unpacks an archive, lets `change` work on it, and packs it again. */
function changed(body: Buffer, change: (directory: string) => void): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'aaas-archive-'));
  try {
    execFileSync('tar', ['-xzf', '-', '-C', directory], { input: body });
    change(directory);
    return execFileSync('tar', ['-czf', '-', '-C', directory, ...readdirSync(directory)]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function edit(directory: string, name: string, change: (text: string) => string): void {
  writeFileSync(join(directory, name), change(readFileSync(join(directory, name), 'utf8')));
}

it('goes on with the conversation and the files under a new id, and after a crash', async () => {
  const made = await imported(archive);
  expect(made).toMatchObject({ status: 'starting', missing_env: ['SECRET_WORD'], imported: { turns: 2, files: 1 } });
  const copy = `/api/v1/agents/${made.agent_id}`;
  const say = async (message: string) => (await platform.json('POST', `${copy}/messages`, { message })).response;
  expect(await say('are you there')).toMatch(/^Simulated reply 3: are you there/);
  expect(await (await platform.request('GET', `${copy}/files/notes.txt`)).text()).toBe('packed');
  expect(
    await say(
      script([
        { tool: 'Bash', input: { command: 'echo more >> notes.txt; ls; cat in; id -u' } },
        { text: '{{tool_result}}' },
      ]),
    ),
  ).toMatch(/^in\nnotes.txt\npackedmore\n/);
  await platform.crash();
  await platform.start();
  expect(await say('and now')).toMatch(/^Simulated reply 5: and now/);
  // The one it came from knows nothing of that.
  expect((await agent.say('still here')).response).toMatch(/^Simulated reply 3: still here/);
  expect(readFileSync(join(agent.directory, 'notes.txt'), 'utf8')).toBe('packed');

  const messages = (await platform.json('GET', `${copy}/messages`)).data;
  expect(messages.map((message: { message: string }) => message.message).slice(1, 3)).toEqual([
    'one more',
    'are you there',
  ]);
  expect(await platform.json('GET', copy)).toMatchObject({ messages_count: 5, config: { name: 'traveller', env: {} } });
  const timeline = (await platform.json('GET', `${copy}/timeline?limit=1000`)).data;
  expect(timeline.some((step: { reason: string }) => step.reason === 'imported')).toBe(true);
  expect(gapsIn(timeline)).toEqual([]);
});

it('has ids of its own, and points into its own directory', async () => {
  const made = await imported(archive, '?auto_start=false');
  const path = `/api/v1/agents/${made.agent_id}`;
  const log = JSON.stringify((await platform.json('GET', `${path}/events?limit=1000`)).data);
  const old = await agent.log();
  expect(old.filter((event) => log.includes(event.id) || (event.turn_id && log.includes(event.turn_id)))).toEqual([]);
  // What was said stays as it was said, paths included.
  expect(log).toContain(`sthr_${made.session_id.slice(5)}`);
  expect(log).not.toContain(`sthr_${agent.sessionId.slice(5)}`);
  const calls: { id: string; type: string; tool_use_id?: string }[] = JSON.parse(log);
  const results = calls.filter((event) => event.type === 'agent.tool_result');
  expect(results.length).toBe(2);
  for (const result of results) expect(calls.some((call) => call.id === result.tool_use_id)).toBe(true);
  // Exported once more it is the same conversation, elsewhere.
  const again = await platform.request('GET', `${path}/export`);
  const directory = mkdtempSync(join(tmpdir(), 'aaas-archive-'));
  try {
    execFileSync('tar', ['-xzf', '-', '-C', directory], { input: Buffer.from(await again.arrayBuffer()) });
    const transcript = readFileSync(join(directory, 'transcript.jsonl'), 'utf8');
    expect(transcript).not.toContain(agent.sessionId);
    expect(transcript).toContain(`/sessions/${made.session_id}/work/notes.txt`);
    expect(JSON.parse(readFileSync(join(directory, 'skipped.json'), 'utf8'))).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

it('leaves out secrets unless asked, and what cannot travel', async () => {
  const open = changed(archive, (directory) => {
    expect(readFileSync(join(directory, 'agent.json'), 'utf8')).not.toContain('abracadabra');
    expect(JSON.parse(readFileSync(join(directory, 'skipped.json'), 'utf8'))).toEqual([
      { path: 'out', reason: 'link_leads_outside' },
      { path: 'pipe', reason: 'not_a_regular_file' },
    ]);
    expect(readdirSync(join(directory, 'workspace')).sort()).toEqual(['in', 'notes.txt']);
  });
  expect(open.length).toBeGreaterThan(0);
  const made = await imported(await exported(agent, '?include_env=true'), '?auto_start=false');
  expect(made.missing_env).toEqual([]);
  const copy = await platform.json('GET', `/api/v1/agents/${made.agent_id}`);
  expect(copy).toMatchObject({ status: 'stopped', config: { env: { SECRET_WORD: '[set]' } } });
});

it('exports between two turns alone', async () => {
  const busy = await deployAgent(platform);
  const turn = await busy.begin(script([{ wait_ms: 1_500 }, { text: 'done' }]));
  await until(async () => (await busy.turn(turn)).state === 'running');
  const refused = await platform.request('GET', `${busy.path}/export`);
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([409, 'agent_busy']);
  const waited = await exported(busy, '?wait=30');
  expect((await busy.turn(turn)).state).toBe('completed');
  expect((await imported(waited, '?auto_start=false')).imported.turns).toBe(1);
});

it('exports what has never started', async () => {
  const fresh = await deployAgent(platform, {}, false);
  const made = await imported(await exported(fresh));
  const path = `/api/v1/agents/${made.agent_id}`;
  expect((await platform.json('POST', `${path}/messages`, { message: 'hi' })).response).toMatch(
    /^Simulated reply 1: hi/,
  );
});

describe('refuses and leaves nothing behind of', () => {
  let sessions: string[];
  let agents: number;
  const count = async () => (await platform.json('GET', '/api/v1/agents?limit=100')).data.length;
  const directories = () => readdirSync(join(platform.dataDir, 'sessions')).sort();
  beforeEach(async () => {
    sessions = directories();
    agents = await count();
  });
  const line = (change: (first: Record<string, unknown>) => void) => (text: string) => {
    const [first = '{}', ...rest] = text.split('\n');
    const parsed = JSON.parse(first);
    change(parsed);
    return [JSON.stringify(parsed), ...rest].join('\n');
  };
  const inAgent = (from: string | RegExp, to: string) => (directory: string) =>
    edit(directory, 'agent.json', (text) => text.replace(from, to));
  const cases: [string, (directory: string) => void, string][] = [
    ['a later format', inAgent('"format_version": 1', '"format_version": 2'), 'version 2'],
    ['another format', inAgent('"aaas-agent"', '"tarball"'), 'format'],
    ['no agent', (directory) => rmSync(join(directory, 'agent.json')), 'agent.json'],
    ['half an agent', (directory) => edit(directory, 'agent.json', (text) => text.slice(0, 200)), 'agent.json'],
    ['a reserved variable', inAgent('"env": {}', '"env": {"LD_PRELOAD": "x"}'), 'LD_PRELOAD'],
    ['a tool that nobody knows', inAgent('"Bash"', '"Root"'), 'allowed_tools'],
    ['a version that is not there', inAgent('"current_version": 1', '"current_version": 7'), 'versions'],
    ['a broken line', (directory) => edit(directory, 'turns.jsonl', (text) => `{"x":${text}`), 'turns.jsonl, line 1'],
    [
      'ids of another kind',
      (directory) =>
        edit(
          directory,
          'turns.jsonl',
          line((turn) => {
            turn.id = "x'; --";
          }),
        ),
      'turns.jsonl, line 1: id',
    ],
    [
      'a turn that still runs',
      (directory) =>
        edit(
          directory,
          'turns.jsonl',
          line((turn) => {
            turn.state = 'running';
          }),
        ),
      'state',
    ],
    [
      'the same turn twice',
      (directory) =>
        edit(directory, 'turns.jsonl', (text) => {
          const [one = '', two = ''] = text.split('\n');
          return `${one}\n${JSON.stringify({ ...JSON.parse(two), id: JSON.parse(one).id })}\n`;
        }),
      'contradict',
    ],
    [
      'content that is no content',
      (directory) =>
        edit(
          directory,
          'turns.jsonl',
          line((turn) => {
            (turn.input as { content: unknown }).content = 'text';
          }),
        ),
      'input.content',
    ],
    [
      'a gap in the log',
      (directory) =>
        edit(directory, 'events.jsonl', (text) => text.replace(/^.*\n.*\n/, (two) => `${two.split('\n')[0]}\n`)),
      'does not follow',
    ],
    [
      'a transcript nested too deep',
      (directory) =>
        writeFileSync(
          join(directory, 'transcript.jsonl'),
          `{"subpath":"","uuid":null,"entry":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
        ),
      'transcript.jsonl',
    ],
    [
      'a link that leads outside',
      (directory) => execFileSync('ln', ['-s', '/etc/passwd', join(directory, 'workspace/evil')]),
      'points outside',
    ],
    [
      'a bomb',
      (directory) => writeFileSync(join(directory, 'workspace/zero'), Buffer.alloc(5_000_000)),
      'MAX_ARCHIVE_BYTES',
    ],
    [
      'a bomb in its lines',
      (directory) => writeFileSync(join(directory, 'events.jsonl'), Buffer.alloc(5_000_000)),
      'MAX_ARCHIVE_BYTES',
    ],
  ];
  it.each(cases)('%s', async (_, change, sentence) => {
    const response = await send(changed(archive, change));
    const { detail } = (await response.json()) as { detail: string };
    expect([413, 422]).toContain(response.status);
    expect(detail).toContain(sentence);
    expect(directories()).toEqual(sessions);
    expect(readdirSync(join(platform.dataDir, 'sessions', '.incoming'))).toEqual([]);
    expect(await count()).toBe(agents);
  });

  it('half an archive', async () => {
    expect((await send(archive.subarray(0, archive.length / 2))).status).toBe(422);
    expect(directories()).toEqual(sessions);
    expect(await count()).toBe(agents);
  });
});

it('lets no workspace keep the others out with archives that do not come', async () => {
  const other = (await platform.json('POST', '/api/v1/workspaces', { name: 'other' })).admin_key.key;
  const slow: ClientRequest[] = [];
  try {
    await until(async () => {
      // One that comes while the place is held by what asks for it is refused itself.
      slow.push(begun(platform.key));
      return (await send(archive.subarray(0, 20))).status === 429;
    });
    const refused = await send(archive.subarray(0, 20));
    expect(((await refused.json()) as { detail: string }).detail).toContain('2 agents of this workspace');
    expect((await send(archive, '?auto_start=false', other)).status).toBe(201);
  } finally {
    for (const request of slow) request.destroy();
  }
  await until(async () => (await send(archive.subarray(0, 20))).status === 422);
});

/** An import whose body does not come. */
function begun(key: string): ClientRequest {
  const headers = { 'x-api-key': key, 'content-type': 'application/gzip', 'content-length': '100000' };
  const outgoing = request(`${platform.url}/api/v1/agents/import`, { method: 'POST', agent: false, headers });
  outgoing.on('error', () => {}).write('\x1f');
  return outgoing;
}

it('takes text that no database takes', async () => {
  const odd = changed(archive, (directory) => {
    mkdirSync(join(directory, 'workspace', 'empty'));
    edit(directory, 'turns.jsonl', (text) => text.replaceAll('one more', 'one \\u0000 \\ud800 more'));
    edit(directory, 'agent.json', (text) => text.replace('"title": null', '"title": "a\\u0000b"'));
  });
  const made = await imported(odd, '?auto_start=false');
  const messages = (await platform.json('GET', `/api/v1/agents/${made.agent_id}/messages`)).data;
  expect(messages[1].message).toBe('one \ufffd \ufffd more');
});
