import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script } from '../support/platform.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const AS_ROOT = process.getuid?.() === 0;
const MAX_FILE_BYTES = 200_000;

let platform: Platform;
let agent: DeployedAgent;
beforeAll(async () => {
  platform = await startTestPlatform({ MAX_FILE_BYTES: String(MAX_FILE_BYTES), MAX_ARCHIVE_BYTES: '3000000' });
  agent = await deployAgent(platform);
  await agent.say('hello');
});
afterAll(() => platform?.dispose());

/** A request about a file; `body` is sent as it is. */
function at(
  path: string,
  init: { method?: string; body?: NonNullable<RequestInit['body']>; headers?: Record<string, string> } = {},
  of = agent,
) {
  const slash = path === '' || path.startsWith('?') ? '' : '/';
  return fetch(`${platform.url}${of.path}/files${slash}${path}`, {
    ...init,
    headers: { 'x-api-key': platform.key, ...init.headers },
  });
}

const put = (path: string, body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}, of = agent) =>
  at(path, { method: 'PUT', body, headers }, of);

// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
async function json(answer: Promise<Response>): Promise<any> {
  return (await answer).json();
}

async function refusal(answer: Promise<Response>): Promise<[number, string]> {
  const response = await answer;
  const problem = (await response.json()) as { code: string; detail: string };
  expect(problem.detail).toMatch(/\.$/);
  return [response.status, problem.code];
}

/** Lets the agent run a command and returns what it printed. */
async function run(command: string, by = agent): Promise<string> {
  const steps = [{ tool: 'Bash', input: { command: `(${command}) 2>&1` } }, { text: '{{tool_result}}' }];
  return (await by.say(script(steps))).response;
}

it('exchanges files with the agent, who owns what it is given', async () => {
  const written = await put('in/put ü.txt', 'from outside\n', { 'content-type': 'application/json' });
  expect(written.status).toBe(201);
  expect(
    await run('cat "in/put ü.txt"; echo and inside >> "in/put ü.txt"; mkdir in/own; stat -c "%U %a" in "in/put ü.txt"'),
  ).toMatch(/^from outside/);
  const read = await at('in/put%20%C3%BC.txt');
  expect(await read.text()).toBe('from outside\nand inside\n');
  expect(Object.fromEntries(read.headers)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-length': '24',
    'x-content-type-options': 'nosniff',
    'content-disposition': `attachment; filename="put _.txt"; filename*=UTF-8''put%20%C3%BC.txt`,
  });
  const listing = await json(at('in'));
  expect(listing).toMatchObject({
    path: 'in',
    entries: [
      { name: 'own', path: 'in/own', type: 'directory' },
      { name: 'put ü.txt', path: 'in/put ü.txt', type: 'file', size_bytes: 24, mode: '0644' },
    ],
    next_cursor: null,
  });
});

it('answers a part, a head, and nothing when the reader has it already', async () => {
  const { etag } = await json(put('range.bin', Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])));
  const part = async (range: string, headers = {}) => {
    const response = await at('range.bin', { headers: { range, ...headers } });
    return [response.status, response.headers.get('content-range'), [...new Uint8Array(await response.arrayBuffer())]];
  };
  expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', [2, 3, 4]]);
  expect(await part('bytes=-2')).toEqual([206, 'bytes 8-9/10', [8, 9]]);
  expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', [7, 8, 9]]);
  expect((await part('bytes=2-4', { 'if-range': '"other"' }))[0]).toBe(200);
  expect(await refusal(at('range.bin', { headers: { range: 'bytes=10-' } }))).toEqual([416, 'range_not_satisfiable']);
  const head = await at('range.bin', { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([200, '10', etag]);
  expect((await at('range.bin', { headers: { 'if-none-match': etag } })).status).toBe(304);
  expect((await at('empty', { method: 'PUT' })).status).toBe(201);
  expect(await (await at('empty')).text()).toBe('');
});

it('lets two writers see each other', async () => {
  const first = await json(put('shared.txt', 'one', { 'if-none-match': '*' }));
  expect(await refusal(put('shared.txt', 'two', { 'if-none-match': '*' }))).toEqual([412, 'precondition_failed']);
  const racers = await Promise.all(
    ['a', 'b', 'c', 'd'].map((text) => put('shared.txt', text, { 'if-match': first.etag })),
  );
  expect(racers.map((racer) => racer.status).sort()).toEqual([200, 412, 412, 412]);
  const winner = ['a', 'b', 'c', 'd'][racers.findIndex((racer) => racer.status === 200)];
  expect(await (await at('shared.txt')).text()).toBe(winner);
});

it('replaces a file whole or not at all, and keeps its mode', async () => {
  expect((await put('tool.sh?mode=755', '#!/bin/sh\necho one')).status).toBe(201);
  expect(await json(put('tool.sh', '#!/bin/sh\necho two'))).toMatchObject({ mode: '0755' });
  expect(await run('./tool.sh')).toBe('two');
  expect(await refusal(put('tool.sh', 'x'.repeat(MAX_FILE_BYTES + 1)))).toEqual([413, 'payload_too_large']);
  // Of unknown length: the bound is found while it is received.
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(50_000)),
  });
  const endless = await fetch(`${platform.url}${agent.path}/files/tool.sh`, {
    method: 'PUT',
    body: stream,
    headers: { 'x-api-key': platform.key },
    duplex: 'half',
  } as RequestInit).then(
    (response) => response.status,
    () => 413,
  );
  expect(endless).toBe(413);
  expect(await run('./tool.sh')).toBe('two');
  expect(readdirOf('.incoming')).toEqual([]);
});

function readdirOf(name: string): string[] {
  return execFileSync('ls', ['-A', join(platform.dataDir, 'sessions', name)], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

it('makes, moves and removes directories', async () => {
  expect((await put('d/e/f?type=directory', '')).status).toBe(201);
  expect((await put('d/e/f?type=directory', '')).status).toBe(200);
  await put('d/e/f/x', 'x');
  expect(await refusal(at('d', { method: 'DELETE' }))).toEqual([409, 'directory_not_empty']);
  const move = (body: object) => platform.request('POST', `${agent.path}/files/move`, body);
  expect(await json(move({ from: 'd/e/f/x', to: 'g/y' }))).toMatchObject({ path: 'g/y', type: 'file' });
  expect(await refusal(move({ from: 'g', to: 'g/h' }))).toEqual([422, 'invalid_request']);
  await put('d/z', 'z');
  expect(await refusal(move({ from: 'd/z', to: 'g/y' }))).toEqual([409, 'already_exists']);
  expect((await move({ from: 'd/z', to: 'g/y', overwrite: true })).status).toBe(200);
  expect(await run('mkdir -p d/$(yes deep | head -300 | tr "\\n" /); echo made')).toBe('made');
  expect((await at('d?recursive=true', { method: 'DELETE' })).status).toBe(204);
  expect(await refusal(at('d'))).toEqual([404, 'not_found']);
  expect(await refusal(at('', { method: 'DELETE' }))).toEqual([404, 'not_found']);
});

it('lists a tree in pages', async () => {
  for (const path of ['tree/b/2', 'tree/b/1', 'tree/a', 'tree/c/d/e']) await put(path, path);
  const paths: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { entries: { path: string }[]; next_cursor: string | null } = await json(
      at(`tree?recursive=true&limit=2${cursor && `&cursor=${cursor}`}`),
    );
    paths.push(...page.entries.map((entry) => entry.path));
    cursor = page.next_cursor;
  }
  expect(paths).toEqual(['tree/a', 'tree/b', 'tree/b/1', 'tree/b/2', 'tree/c', 'tree/c/d', 'tree/c/d/e']);
});

it('shows what is odd and refuses to go through it', async () => {
  const made = await run(
    [
      'mkdir -p odd; cd odd; ln -s /etc out; ln -s /etc/hostname name; ln -s . self; mkfifo pipe',
      "printf x > $'two\\nlines'; printf x > $'not\\xffutf8'; printf '<script>' > page.html; for n in 1 2 3 4 5 6 7 8; do truncate -s 9G sparse$n; done; echo ok",
    ].join('; '),
  );
  expect(made).toContain('ok');
  const { entries } = await json(at('odd'));
  const odd = Object.fromEntries(entries.map((entry: { name: string }) => [entry.name, entry]));
  expect(odd.out).toMatchObject({ type: 'symlink', target: '/etc' });
  expect(odd.pipe).toMatchObject({ type: 'other' });
  expect(odd['not\ufffdutf8']).toMatchObject({ path: null });
  for (const path of ['odd/name', 'odd/out/hostname', 'odd/out', 'odd/self/page.html', 'odd/pipe']) {
    expect([path, await refusal(at(path))]).toEqual([path, [409, 'path_not_allowed']]);
    expect([path, await refusal(put(`${path}?x=`, 'x'))]).toEqual([path, [409, 'path_not_allowed']]);
  }
  expect(await refusal(at('odd/out/hostname', { method: 'DELETE' }))).toEqual([409, 'path_not_allowed']);
  expect(await (await at(`odd/${encodeURIComponent('two\nlines')}`)).text()).toBe('x');
  const page = await at('odd/page.html');
  expect(page.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toContain('sandbox');
  expect(await refusal(at('?download=tar.gz'))).toEqual([413, 'payload_too_large']);
  expect((await at('odd/out', { method: 'DELETE' })).status).toBe(204);
  expect(existsSync('/etc/hostname') || existsSync('/etc/passwd')).toBe(true);
  await at('odd?recursive=true', { method: 'DELETE' });
});

it.each([
  ['..%2f..%2fadmin.key', 422],
  ['a%00b', 422],
  ['%2fetc/passwd', 422],
  ['a//b', 422],
  ['a/..%2f..%2fb', 422],
  ['x'.repeat(256), 422],
  [Array.from({ length: 100 }, () => 'd').join('/'), 422],
  ['range.bin/x', 409],
])('refuses the path %s', async (path, status) => {
  expect((await refusal(at(path)))[0]).toBe(status);
  expect((await refusal(put(path, 'x')))[0]).toBe(status);
});

it('packs and unpacks directories', async () => {
  await put('pack/deep/a.txt', 'A');
  await put('pack/run.sh?mode=755', 'echo hi');
  expect(
    await run(`cd pack; ln -s deep/a.txt in; ln -s /etc/passwd out; printf y > ${'n'.repeat(120)}ü; echo ok`),
  ).toContain('ok');
  const archive = Buffer.from(await (await at('pack?download=tar.gz')).arrayBuffer());
  const directory = mkdtempSync(join(tmpdir(), 'aaas-tar-'));
  try {
    execFileSync('tar', ['-xzf', '-', '-C', directory], { input: archive });
    expect(readFileSync(join(directory, 'deep/a.txt'), 'utf8')).toBe('A');
    expect(readFileSync(join(directory, 'in'), 'utf8')).toBe('A');
    expect(readFileSync(join(directory, `${'n'.repeat(120)}ü`), 'utf8')).toBe('y');
    expect(statSync(join(directory, 'run.sh')).mode & 0o777).toBe(0o755);
    expect(existsSync(join(directory, 'out'))).toBe(false);
    mkdirSync(join(directory, 'more'));
    writeFileSync(join(directory, 'more', 'b.txt'), 'B');
    const own = execFileSync('tar', ['-czf', '-', '-C', directory, '.']);
    expect(await json(put('pack?unpack=tar.gz', own))).toMatchObject({ path: 'pack', files: 4, symlinks: 1 });
    expect(await run('cat pack/more/b.txt; touch pack/more/c pack/deep/d && echo mine')).toBe('Bmine');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

describe('refuses an archive', () => {
  const evil = (build: (directory: string) => void, ...args: string[]) => {
    const directory = mkdtempSync(join(tmpdir(), 'aaas-evil-'));
    try {
      build(directory);
      return execFileSync('tar', ['-czPf', '-', '-C', directory, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
  const file = (name: string) => (directory: string) => writeFileSync(join(directory, name), 'evil');
  const link = (target: string) => (directory: string) => symlinkSync(target, join(directory, 'l'));
  const cases: [string, () => Buffer, string][] = [
    ['with a way out', () => evil(file('x'), '--transform=s,^,../../,', 'x'), 'invalid_archive'],
    ['with an absolute path', () => evil(file('x'), '--transform=s,^,/tmp/,', 'x'), 'invalid_archive'],
    ['with a link that leads outside', () => evil(link('../../../etc'), 'l'), 'invalid_archive'],
    ['with an absolute link', () => evil(link('/etc'), 'l'), 'invalid_archive'],
    [
      'with a file below a link',
      () =>
        evil(
          (directory) => {
            symlinkSync('elsewhere', join(directory, 'l'));
            writeFileSync(join(directory, 'x'), 'evil');
          },
          '--transform=s,^x,l/x,',
          'l',
          'x',
        ),
      'invalid_archive',
    ],
    [
      'with a hard link',
      () =>
        evil(
          (directory) => {
            writeFileSync(join(directory, 'x'), 'evil');
            execFileSync('ln', [join(directory, 'x'), join(directory, 'y')]);
          },
          'x',
          'y',
        ),
      'invalid_archive',
    ],
    [
      'with a pipe',
      () => evil((directory) => execFileSync('sh', ['-c', `mkfifo ${join(directory, 'p')}`]), 'p'),
      'invalid_archive',
    ],
    [
      'that is a bomb',
      () => evil((d) => writeFileSync(join(d, 'z'), Buffer.alloc(10_000_000)), 'z'),
      'payload_too_large',
    ],
    ['that is cut off', () => evil(file('x'), 'x').subarray(0, 60), 'invalid_archive'],
    ['that is none', () => Buffer.from('not gzip at all'), 'invalid_archive'],
  ];
  it.each(cases)('%s', async (_, build, code) => {
    await put('kept/file', 'kept');
    expect((await refusal(put('kept?unpack=tar.gz', build())))[1]).toBe(code);
    expect((await json(at('kept?recursive=true'))).entries.map((entry: { path: string }) => entry.path)).toEqual([
      'kept/file',
    ]);
    expect(readdirOf('.incoming')).toEqual([]);
  });
});

it('works before the first start and while the agent sleeps', async () => {
  const fresh = await deployAgent(platform, {}, false);
  expect(await json(at('', {}, fresh))).toEqual({ path: '', entries: [], next_cursor: null });
  expect(await refusal(at('x', {}, fresh))).toEqual([404, 'not_found']);
  expect((await put('first.txt', 'before', {}, fresh)).status).toBe(201);
  await fresh.order('start');
  expect(await run('cat first.txt; echo after >> first.txt', fresh)).toBe('before');
  await fresh.order('hibernate');
  await fresh.reaches('hibernated');
  expect(await (await at('first.txt', {}, fresh)).text()).toContain('before');
  expect((await put('second.txt', 'asleep', {}, fresh)).status).toBe(201);
  expect(await run('cat second.txt', fresh)).toBe('asleep');
});

it.runIf(AS_ROOT)('gives an agent nothing to swap for a link that the server follows', async () => {
  const climber = await deployAgent(platform, { permission_mode: 'bypassPermissions' });
  const refused = /denied|busy|Read-only/;
  expect(await run('cd ..; mv work away; ln -s /etc work', climber)).toMatch(refused);
  expect(await run('mv ../home ../config/x', climber)).toMatch(refused);
  expect(statSync(climber.root).mode & 0o777).toBe(0o710);
  // Even if one is there: it is not the server's to follow, nor to give away.
  const before = statSync('/etc').uid;
  await climber.order('stop');
  await climber.reaches('stopped');
  rmSync(join(climber.root, 'home'), { recursive: true });
  symlinkSync('/etc', join(climber.root, 'home'));
  await climber.order('start');
  await climber.reaches('idle');
  expect(statSync('/etc').uid).toBe(before);
  expect(statSync(join(climber.root, 'home')).isDirectory()).toBe(true);
});
