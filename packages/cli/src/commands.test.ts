import { spawn, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Platform, script, until } from '../../../tests/support/platform.ts';
import { startTestPlatform } from '../../../tests/support/test-platform.ts';
import { AAAS, type AaasOptions, runAaas, startAaas } from './testing/run-aaas.ts';

let platform: Platform;
let at: AaasOptions;

beforeAll(async () => {
  platform = await startTestPlatform();
  at = { env: { DATA_DIR: platform.dataDir } };
});
afterAll(() => platform?.dispose());

/** What a command prints; it must succeed without a word on standard error. */
async function aaas(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runAaas(args, at);
  expect({ code, stderr, args }).toEqual({ code: 0, stderr: '', args });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no colours without a terminal
  expect(stdout).not.toMatch(/\x1b/);
  return stdout;
}

const aaasJson = async (...args: string[]) => JSON.parse(await aaas(...args, '--json'));
const linesOf = (output: string) => output.trim().split('\n');
const isIn = async (agentId: string, status: string) =>
  (await platform.json('GET', `/api/v1/agents/${agentId}`)).status === status;

test('an agent is created with what the options say, listed, shown and deleted', async () => {
  const made = await aaasJson(
    ...['agents', 'create', '--type', 'code', '--name', 'maker', '--model', 'claude-haiku-4-5', '--no-start'],
    ...['--tool', 'Bash', 'Write', '--tool', 'Read', '--env', 'A=1', '--env', 'B=x=y'],
    ...['--system-prompt', 'You make things.', '--permission-mode', 'acceptEdits', '--idle-timeout', '90'],
  );
  expect(made).toMatchObject({ agent_id: expect.stringMatching(/^agent_/), status: 'stopped' });
  const id: string = made.agent_id;

  const [byId, byName, byPrefix, text, table, list] = await Promise.all([
    aaasJson('agents', 'get', id),
    aaasJson('agents', 'get', 'maker'),
    aaasJson('agents', 'get', id.slice(0, -4)),
    aaas('agents', 'get', 'maker'),
    aaas('agents', 'list', '--status', 'stopped', '--type', 'code'),
    aaasJson('agents', 'list'),
  ]);
  expect(byId.config).toMatchObject({
    name: 'maker',
    model: 'claude-haiku-4-5',
    allowed_tools: ['Bash', 'Write', 'Read'],
    env: { A: '[set]', B: '[set]' },
    system_prompt: 'You make things.',
    permission_mode: 'acceptEdits',
    idle_timeout_seconds: 90,
  });
  expect([byName.id, byPrefix.id]).toEqual([id, id]);
  expect(text).toMatch(/^maker {2}agent_/);
  expect(text).toMatch(/status +stopped for .*Not running by request/);
  expect(linesOf(table)[0]).toMatch(/^NAME +STATUS +SINCE +TYPE +MESSAGES +COST +ID$/);
  expect(linesOf(table)[1]).toContain(id);
  expect(list.map((agent: { id: string }) => agent.id)).toContain(id);

  expect(await aaas('agents', 'rm', 'maker')).toBe(`maker (${id}): It drains, and is then removed.\n`);
  expect((await runAaas(['agents', 'get', id], at)).code).toBe(4);
});

test('an agent is taken through its lifecycle', async () => {
  expect(await aaas('agents', 'create', '--name', 'walker')).toMatch(
    /^walker is starting.*\nid +agent_.*\nnext +aaas send/,
  );
  const { id } = await aaasJson('agents', 'get', 'walker');
  expect(await aaasJson('agents', 'stop', 'walker')).toMatchObject({ agent_id: id });
  await until(() => isIn(id, 'stopped'));
  const refused = await runAaas(['send', 'walker', 'hello'], at);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toBe('aaas: The agent is stopped. Start it with: aaas agents start <agent>\n');

  expect(await aaas('agents', 'start', 'walker')).toBe(`walker (${id}): It starts.\n`);
  await until(() => isIn(id, 'idle'));
  expect(await aaas('agents', 'restart', 'walker')).toContain('It restarts.');
  expect(await aaas('agents', 'hibernate', 'walker')).toContain('It goes to sleep');
  await until(() => isIn(id, 'hibernated'));
  expect(await aaas('agents', 'interrupt', 'walker')).toContain('interrupted');
  expect(await aaasJson('agents', 'rm', 'walker')).toMatchObject({ agent_id: id });
});

test('a message is answered while one watches: text, tools, and what it has cost', async () => {
  await aaas('agents', 'create', '--type', 'code', '--name', 'talker');
  expect(await aaas('send', 'talker', 'hello')).toMatch(
    /^Simulated reply 1: hello\n[\d,]+ tokens in, \d+ out · \$0\.00 · .* · simulated model\n$/,
  );
  const steps = [
    { text: 'First I write.' },
    { tool: 'Write', input: { file_path: 'five.sh', content: 'seq 5' } },
    { tool: 'Bash', input: { command: 'sh five.sh' } },
    { tool: 'Bash', input: { command: 'cat nothing' } },
    { text: 'It counts to five.' },
  ];
  const shown = linesOf(await aaas('send', 'talker', script(steps)));
  expect(shown.slice(0, -1)).toEqual([
    'First I write.',
    '⏺ Write  five.sh',
    '  ⎿ File created successfully at: five.sh',
    '⏺ Bash  sh five.sh',
    '  ⎿ 1',
    '    2',
    '    3',
    '    … 2 more',
    '⏺ Bash  cat nothing',
    expect.stringMatching(/^ {2}⎿ Exit code 1: cat: .*nothing/),
    'It counts to five.',
  ]);
  const piped = await runAaas(['send', 'talker', '-', '--json'], { ...at, input: 'from a pipe' });
  const events = linesOf(piped.stdout).map((line) => JSON.parse(line));
  expect(events[0]).toMatchObject({ type: 'x.turn_accepted' });
  expect(events.at(-1)).toMatchObject({ type: 'x.turn', response: 'Simulated reply 3: from a pipe' });
});

test('the log is shown, from where one wants, and followed until Ctrl-C', async () => {
  await aaas('agents', 'create', '--name', 'logger');
  await aaas('send', 'logger', 'remember me');
  const log = linesOf(await aaas('logs', 'logger'));
  expect(log[0]).toMatch(/^1 {2}\d\d:\d\d:\d\d {2}x\.lifecycle +.*start_requested$/);
  expect(log.find((line) => line.includes('user.message'))).toMatch(/remember me$/);
  const rest = linesOf(await aaas('logs', 'logger', '--after', '3', '--json')).map((line) => JSON.parse(line));
  expect(rest.map((event) => event.seq)).toEqual(rest.map((_, index) => index + 4));

  const following = startAaas(['logs', 'logger', '--follow', '--after', '3'], at);
  await until(() => linesOf(following.stdout).length === rest.length);
  await aaas('send', 'logger', 'and this');
  await until(() => following.stdout.includes('Simulated reply 2: and this'));
  following.child.kill('SIGINT');
  expect((await following.finished).code).toBe(130);
});

test('Ctrl-C interrupts the turn and shows its end; a second one leaves at once', async () => {
  await aaas('agents', 'create', '--name', 'sleeper');
  const { id } = await aaasJson('agents', 'get', 'sleeper');
  const slow = script([{ tokens_per_second: 5 }, { text: 'I am writing this text very slowly. '.repeat(50) }]);
  const interrupted = startAaas(['send', 'sleeper', slow], at);
  await until(() => interrupted.stdout.includes('I am'));
  interrupted.child.kill('SIGINT');
  const { code, stdout, stderr } = await interrupted.finished;
  expect(code).toBe(130);
  expect(stdout).toMatch(/\ninterrupted · [^\n]+\n$/);
  expect(stderr).toContain('Ctrl-C again leaves at once');
  await until(() => isIn(id, 'idle'));

  const left = startAaas(['send', 'sleeper', slow], at);
  await until(() => left.stdout.includes('I am'));
  const signals = setInterval(() => left.child.kill('SIGINT'), 5);
  expect((await left.finished).code).toBe(130);
  clearInterval(signals);
  await aaas('agents', 'rm', 'sleeper');
});

test('the types of agents and the health of the platform', async () => {
  const types = await aaas('agent-types');
  expect(linesOf(types)).toHaveLength(9);
  expect(types).toMatch(/^code +Software engineer +Bash /m);
  expect((await aaasJson('agent-types'))[0]).toMatchObject({ name: 'general' });
  expect(await aaas('health')).toMatch(/^status +ok\n/);
  expect(await aaasJson('health')).toMatchObject({ status: 'ok', simulated: true });
});

test('every failure is one line with a way on, and an exit code that says what it was', async () => {
  const url = platform.url;
  const failures: [args: string[], code: number, says: RegExp, options?: AaasOptions][] = [
    [['agents', 'get', 'nobody'], 4, /There is no agent nobody\. .* aaas agents list/],
    [['agents', 'get', 'agent_1pAMP61PLvfhYv2bpUCJR8ad'], 4, /There is no agent agent_1pAMP6/],
    [['agents', 'rm', ''], 2, /The agent is not named: the argument is empty\./],
    [['agents', 'get', 'agent_'], 2, /could be any of agent_.* Give the id\./],
    [['agents', 'create', '--type', 'poet'], 2, /config\.agent_type: .*general/],
    [['agents', 'create', '--env', 'A'], 2, /It must be like NAME=value\./],
    [['sned'], 2, /unknown command 'sned'.*Did you mean send\?/],
    [['agents', 'list', '--colour'], 2, /unknown option '--colour'.*See aaas --help\./],
    [['logs', 'x', '--after', '-1'], 2, /It must be a whole number/],
    [['send', 'x', ''], 2, /There is nothing to send/],
    [['serve', '--json'], 2, /serve prints no JSON/],
    [['health', '--url', 'here'], 2, /here is not an address/],
    [['health'], 3, /No platform runs on .*data.*aaas serve/, {}],
    [['health', '--url', 'http://127.0.0.1:9999'], 3, /ECONNREFUSED\. Is it running\? .*aaas serve/, {}],
    [['agents', 'list', '--url', url, '--api-key', 'wrong'], 5, /The API key is unknown/, {}],
    [['agents', 'list'], 5, /Give it with --api-key or AAAS_API_KEY/, { env: { AAAS_URL: url } }],
  ];
  await Promise.all([1, 2].map((n) => platform.deploy({ name: `twin-${n}` })));
  const check = async ([args, code, says, options = at]: (typeof failures)[number]) => {
    const failed = await runAaas([...args, ...(code === 2 ? [] : ['--json'])], options);
    expect({ args, code: failed.code, stdout: failed.stdout }).toEqual({ args, code, stdout: '' });
    expect(failed.stderr).toMatch(says);
    expect(failed.stderr).toMatch(/^aaas: [^\n]+\n$/);
  };
  await Promise.all(failures.map(check));
});

test('what an agent asks is answered by command', async () => {
  const { agent_id: id } = await aaasJson('agents', 'create', '--type', 'code', '--permission-mode', 'default');
  const call = script([{ tool: 'Bash', input: { command: 'echo 1 >> asked.txt' } }, { text: 'end of 1' }]);
  const open = async () => (await aaasJson('approvals', 'list', '--agent', id)) as { id: string }[];

  const sent = startAaas(['send', id, call], at);
  await until(() => sent.stderr.includes('aaas approve sevt_'), 30_000);
  expect(sent.stderr).toMatch(/it waits for an approval of Bash: echo 1 >> asked\.txt; answer with: aaas approve/);
  const [ask] = await open();
  expect(await aaas('approvals', 'list')).toMatch(/^TOOL .*\nBash +echo 1 >> asked\.txt +open/);
  expect(await aaas('approvals', 'get', ask?.id ?? '')).toMatch(/^Bash {2}sevt_/);
  expect(await aaas('approve', ask?.id ?? '')).toBe('Bash may run.\n');
  expect(await sent.finished).toMatchObject({ code: 0, stdout: expect.stringContaining('end of 1') });
  expect((await runAaas(['deny', ask?.id ?? '', '-m', 'too late', '--json'], at)).code).not.toBe(0);
});

// script(1) of util-linux.
const HAS_TERMINALS = spawnSync('script', ['--version']).status === 0;

test.skipIf(!HAS_TERMINALS && !process.env.CI)('what an agent asks is asked on a terminal', async () => {
  const { agent_id: id } = await aaasJson('agents', 'create', '--type', 'code', '--permission-mode', 'default');
  const call = script([{ tool: 'Bash', input: { command: 'echo 2 >> asked.txt' } }, { text: 'end of 2' }]);
  const { command, args } = onTerminal([...['send', id, call], ...['--data-dir', platform.dataDir]]);
  const shown = spawn(command, args, {
    cwd: '/',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'dumb' },
  });
  let screen = '';
  for (const stream of [shown.stdout, shown.stderr]) stream.setEncoding('utf8').on('data', (text) => (screen += text));
  await until(() => screen.includes('n <why>'), 30_000);
  shown.stdin.write('n it is late\n');
  await until(() => screen.includes('end of 2'), 30_000);
  shown.stdin.end();
  await until(() => shown.exitCode !== null);
  const { data } = await platform.json('GET', `/api/v1/approvals?agent_id=${id}&status=denied`);
  expect(data).toMatchObject([{ message: 'it is late' }]);
  await aaas('agents', 'rm', id);
});

/** A command line in a terminal of its own: script(1) of util-linux makes one. */
function onTerminal(args: string[]): { command: string; args: string[] } {
  const quoted = [process.execPath, AAAS, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(' ');
  return { command: 'script', args: ['-qefc', quoted, '/dev/null'] };
}

test('the platform is found through options, the environment, or a data directory', async () => {
  const { url, key, dataDir } = platform;
  const ways: [args: string[], options: AaasOptions][] = [
    [['--url', url, '--api-key', key], {}],
    [['--data-dir', dataDir], {}],
    [[], { env: { AAAS_URL: url, AAAS_API_KEY: key } }],
    [[], { env: { DATA_DIR: dataDir } }],
    [[], { cwd: `${dataDir}/..` }],
  ];
  const found = await Promise.all(ways.map(([args, options]) => runAaas(['agents', 'list', ...args], options)));
  expect(found.map(({ code }) => code)).toEqual(ways.map(() => 0));
});
