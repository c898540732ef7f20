import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { findProcesses } from '../support/processes.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const AS_ROOT = process.getuid?.() === 0;
const PLANTED = `sk-ant-planted-${randomBytes(16).toString('hex')}`;
/** What is closed to a user, and what is not there in a sandbox. */
const CLOSED = /Permission denied|No such file or directory|Read-only file system/;
// What an agent searches for must not stand in its own message, or it would find that.
const PATTERN = 'sk-ant-plante[d]';

let upstream: RecordingUpstream;
let platform: Platform;
let agent: DeployedAgent;
/** The text of every answer that a test got from the API. */
const answers: string[] = [];
beforeAll(async () => {
  upstream = await startRecordingUpstream();
  platform = await startTestPlatform({
    ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: PLANTED,
    LOG_LEVEL: 'trace',
  });
  agent = await deployAgent(platform);
});
afterAll(async () => {
  await platform?.dispose();
  await upstream?.close();
});

/** Lets an agent run a command and returns what it printed. */
async function run(command: string, by = agent): Promise<string> {
  const answer = await by.say(
    script([{ tool: 'Bash', input: { command: `(${command}) 2>&1` } }, { text: '{{tool_result}}' }]),
  );
  answers.push(JSON.stringify(answer));
  return answer.response;
}

it('brings the key of the provider to the provider, and no token of ours', async () => {
  answers.push(JSON.stringify(await agent.say('hello')));
  const [request] = upstream.asked('hello');
  expect(request?.headers['x-api-key']).toBe(PLANTED);
  expect(JSON.stringify(request?.headers)).not.toContain('aaas-gw');
});

it('keeps the key out of every process of an agent', async () => {
  const steps = [
    { tool: 'Write', input: { file_path: 'w.sh', content: 'sleep 3' } },
    { tool: 'Bash', input: { command: 'sh w.sh' } },
  ];
  const turn = await agent.begin(script(steps));
  await until(() => findProcesses(agent.root).some((found) => found.command === 'sleep 3'));
  const processes = findProcesses(agent.root);
  expect(processes.some((found) => found.command.includes('claude'))).toBe(true);
  for (const { command, environment } of processes) expect(command + environment).not.toContain('sk-ant-');
  await agent.ended(turn);
});

it('hides the key from an agent that looks for it', async () => {
  expect(await run('env')).toContain('ANTHROPIC_API_KEY=aaas-gw.');
  expect(await run(`env | grep -c ${PATTERN}`)).toContain('0');
  expect(await run(`tr '\\0' '\\n' < /proc/$PPID/environ | grep -c ${PATTERN}`)).toContain('0');
  expect(await run(`grep -rsl '${PATTERN}' ~ . $TMPDIR $CLAUDE_CONFIG_DIR | head -3; echo end`)).toBe('end');
});

describe.runIf(AS_ROOT)('as root', () => {
  it('hides the key in the server from every agent', async () => {
    expect(await run(`cat /proc/${platform.pid}/environ`)).toMatch(CLOSED);
    expect(await run(`grep -sal '${PATTERN}' /proc/[0-9]*/environ /proc/[0-9]*/cmdline; echo end`)).toBe('end');
    expect(await run(`kill -0 ${platform.pid}`)).toMatch(/not permitted|No such process/);
  });

  it('closes to an agent what belongs to the platform and to other agents', async () => {
    const other = await deployAgent(platform, { env: { OWN_SECRET: 'of-the-other' } });
    await other.say('hello');
    writeFileSync(join(other.directory, 'private.txt'), 'of the other', { mode: 0o644 });
    const { pid } = await other.view();
    const closed = [
      `ls ${other.root}`,
      `cat ${other.directory}/private.txt`,
      `echo x > ${other.directory}/x`,
      `cat ${platform.dataDir}/admin.key`,
      `cat ${platform.dataDir}/encryption.key`,
      `cat ${platform.dataDir}/server.json`,
      `echo x > ${platform.dataDir}/x`,
      `cat /proc/${pid}/environ`,
      ...(existsSync(join(platform.dataDir, 'postgres'))
        ? [`ls ${platform.dataDir}/postgres`, `ls ${platform.dataDir}/postgres/db`]
        : []),
    ];
    for (const command of closed) {
      const printed = await run(command);
      expect([command, printed]).toEqual([command, expect.stringMatching(CLOSED)]);
    }
    // A sandbox has the way to its own directories, and nothing beside them.
    const seen = await run(`ls ${['', '/sessions', '/tmp'].map((path) => platform.dataDir + path).join(' ')}`);
    expect(readdirSync(join(platform.dataDir, 'sessions'))).toContain(other.sessionId);
    for (const name of ['admin.key', 'encryption.key', 'postgres', other.sessionId]) expect(seen).not.toContain(name);
    expect(await run(`kill -9 ${pid}`)).toMatch(/not permitted|No such process/);
    expect(await run('id -G')).toBe(await run('id -g'));
    // The same words work on what is its own.
    expect(await run(`echo mine > ${agent.directory}/own.txt; cat ${agent.directory}/own.txt; id -u`)).toMatch(
      /^mine\n[1-9]/,
    );
    expect((await other.view()).pid).toBe(pid);
  });
});

it('serves an agent at the gateway for its token alone, and nothing but models', async () => {
  const ask = (path: string, header: string) =>
    run(
      `curl -s -m 10 -o /dev/null -w '%{http_code}' ${header} -H 'content-type: application/json' "$ANTHROPIC_BASE_URL${path}"`,
    );
  const own = `-H "x-api-key: $ANTHROPIC_API_KEY"`;
  expect(await ask('/v1/models', own)).toContain('200');
  expect(await ask('/v1/models', '')).toContain('401');
  expect(await ask('/v1/models', '-H "x-api-key: aaas-gw.sesn_1.1.forged"')).toContain('401');
  for (const path of [
    '/v1/files',
    '/v1/organizations/api_keys',
    '/api/v1/agents',
    '/v1/models/../files',
    '/v1/models/%2e%2e/files',
  ]) {
    expect([path, await ask(path, `--path-as-is ${own}`)]).toEqual([path, expect.stringMatching(/40[14]/)]);
  }
  // And the token opens no door of the platform itself.
  const token = (await run('echo $ANTHROPIC_API_KEY')).trim();
  const refused = await platform.request('GET', '/api/v1/agents', undefined, { 'x-api-key': token });
  expect([token, await refused.text()]).toEqual([
    expect.stringMatching(/^aaas-gw\./),
    expect.stringContaining('invalid_api_key'),
  ]);
});

it('does not pass on a key that the provider quotes in an error', async () => {
  upstream.refuse('quote it', 402, (headers) => ({
    type: 'error',
    error: { type: 'invalid_request_error', message: `The key ${headers['x-api-key']} may not use this model.` },
  }));
  const response = await agent.post('quote it');
  expect(response.status).toBe(502);
  const text = await response.text();
  expect(text).toContain('may not use this model');
  answers.push(text);
});

// The last one: it looks at all that the others have left behind.
it('leaves the key in no file, no event, no answer and no line of output', async () => {
  const { sessionId, path } = agent;
  const paths = [
    path,
    `${path}/events?limit=1000`,
    `${path}/messages?limit=100`,
    `${path}/timeline?limit=1000`,
    '/api/v1/agents',
    '/health',
    '/',
    '/openapi.json',
  ];
  for (const url of [...paths, `/v1/sessions/${sessionId}`, `/v1/sessions/${sessionId}/events?limit=1000`]) {
    const response = await platform.request('GET', url);
    expect([url, response.status]).toEqual([url, 200]);
    answers.push(await response.text());
  }
  expect(answers.filter((text) => text.includes(PLANTED))).toEqual([]);
  expect(platform.output()).toContain('"level":20');
  expect(platform.output()).not.toContain(PLANTED);
  const files = filesBelow(platform.dataDir);
  expect(files.some((file) => file.endsWith('.jsonl'))).toBe(true);
  expect(files.filter((file) => holds(file, PLANTED))).toEqual([]);
});

it('keeps its own secrets to their owner', () => {
  for (const name of ['admin.key', 'encryption.key', 'server.json'])
    expect(statSync(join(platform.dataDir, name)).mode & 0o777).toBe(0o600);
  expect(platform.output().split(platform.key)).toHaveLength(2);
  expect(platform.output()).not.toContain('aaas-gw.');
});

/** A file that its owner has removed meanwhile holds nothing. */
function holds(file: string, text: string): boolean {
  try {
    return readFileSync(file).includes(text);
  } catch {
    return false;
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}
