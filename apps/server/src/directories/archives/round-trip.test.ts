import { execFileSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Directory } from '../confined/directory.ts';
import { listEntries } from '../snapshots/list-entries.ts';
import { type PackState, packDirectory } from './pack-directory.ts';
import { readTar } from './read-tar.ts';
import { type Unpacked, unpackItem } from './unpack-tree.ts';
import { TAR_END, tarHeader } from './write-tar.ts';

let top: string;
let from: string;
let to: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'aaas-archives-'));
  [from, to] = [join(top, 'from'), join(top, 'to')];
  for (const path of [from, to]) mkdirSync(path);
});
// Nothing that needs a path from the root: some are too long for that.
afterEach(() => void execFileSync('rm', ['-rf', top]));

const newState = (): PackState => ({ maxBytes: 1e9, maxEntries: 1e6, bytes: 0, entries: 0, skipped: [] });

async function pack(state: PackState, work?: Directory): Promise<Buffer> {
  await using directory = work ?? ((await Directory.openTrusted(from)) as Directory);
  const chunks: Buffer[] = [];
  for await (const chunk of packDirectory(directory, { owner: null }, '', state)) chunks.push(chunk);
  return Buffer.concat([...chunks, TAR_END]);
}

async function unpack(archive: Buffer, own: boolean, max = 1e6): Promise<Unpacked> {
  await using directory = (await Directory.openTrusted(to)) as Directory;
  const unpacked: Unpacked = { files: 0, directories: 0, symlinks: 0, sizeBytes: 0 };
  const bounds = own ? null : { MAX_ARCHIVE_ENTRIES: max };
  const chunks = (async function* () {
    yield archive;
  })();
  for await (const item of readTar(chunks)) await unpackItem(directory, item, item.path, null, unpacked, bounds);
  return unpacked;
}

/** What is below a directory: links with their targets, files with their content. */
function listed(path: string): string[] {
  const below = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return below.sort().map((name) => {
    const info = lstatSync(join(path, name));
    const what = info.isSymbolicLink()
      ? readlinkSync(join(path, name))
      : info.isFile() && readFileSync(join(path, name));
    return `${JSON.stringify(name)}: ${what}`;
  });
}

it('unpacks whatever it has packed, under the names that it had', async () => {
  const odd = [
    'new\nline',
    'back\\slash',
    'ends.',
    ' space ',
    '-n',
    '\ufeffbom',
    '\ufffd',
    'e\u0301',
    '\u{1f600}',
    '~',
    '*',
  ];
  const long = ['x'.repeat(100), 'y'.repeat(101), 'z'.repeat(255), 'ü'.repeat(127), '語'.repeat(34)];
  for (const name of [...odd, ...long]) {
    mkdirSync(join(from, 'in', name), { recursive: true });
    writeFileSync(join(from, 'in', name, `${name.slice(0, 80)}f`), name);
    writeFileSync(join(from, name), name);
    symlinkSync(`in/${name}/${name}`, join(from, 'in', `l${name.slice(0, 80)}`));
  }
  linkSync(join(from, '~'), join(from, 'hard'));
  const state = newState();
  await unpack(await pack(state), false);
  expect(state.skipped).toEqual([]);
  expect(listed(to)).toEqual(listed(from));
});

it('leaves out what could not be unpacked, and nothing else', async () => {
  const deep = 'd/'.repeat(64);
  mkdirSync(join(from, deep, 'd'), { recursive: true });
  for (const where of ['', '..']) writeFileSync(join(from, deep, where, 'f'), '');
  // 4096 bytes: a directory of that length has a slash too many.
  const wide = [...Array.from({ length: 15 }, () => 'w'.repeat(255)), 'w'.repeat(254)];
  await makeWide(wide);
  execFileSync('sh', ['-c', `mkfifo ${join(from, 'pipe')}`]);
  writeFileSync(Buffer.concat([Buffer.from(`${from}/`), Buffer.from([0xff, 0x61])]), '');
  symlinkSync('/etc/passwd', join(from, 'outside'));
  const state = newState();
  const archive = await pack(state);
  expect(state.skipped.map(({ path, reason }) => `${path.slice(-5)} ${reason}`)).toEqual([
    'd/d/d too_deep',
    'd/d/f too_deep',
    'tside link_leads_outside',
    'pipe not_a_regular_file',
    'www/d too_deep',
    '\ufffda name_is_not_utf8',
  ]);
  expect(await unpack(archive, false)).toMatchObject({ directories: 64 + 16, files: 2 });
  expect(listed(join(to, 'd')).at(-1)).toContain('/f"');
});

it('packs no link that goes while it is looked at', async () => {
  for (const name of ['a', 'b', 'c']) symlinkSync('target', join(from, name));
  const directory = (await Directory.openTrusted(from)) as Directory;
  const read = directory.linkTarget.bind(directory);
  directory.linkTarget = (name) => {
    if (name === 'b') rmSync(join(from, 'b'));
    return read(name);
  };
  const state = { ...newState(), outsideLinks: true };
  expect(await unpack(await pack(state, directory), true)).toMatchObject({ symlinks: 2 });
  expect(state.skipped).toEqual([{ path: 'b', reason: 'cannot_be_read' }]);
});

it('packs and lists the rest of a directory that may be read and not entered', async () => {
  for (const name of ['closed', 'open']) writeFileSync(join(from, name), '');
  const directory = (await Directory.openTrusted(from)) as Directory;
  const look = directory.inspect.bind(directory);
  // As for a server that is not root.
  directory.inspect = (name) => {
    const closed = Object.assign(new Error('permission denied'), { code: 'EACCES' });
    return String(name) === 'closed' ? Promise.reject(closed) : look(name);
  };
  expect(await listEntries(directory, 10)).toMatchObject({ entries: 1, complete: false });
  const state = newState();
  expect(await unpack(await pack(state, directory), true)).toMatchObject({ files: 1 });
  expect(state.skipped).toEqual([{ path: 'closed', reason: 'cannot_be_read' }]);
});

it('counts the directories that are made for an entry, too', async () => {
  const entry = { type: 'SymbolicLink', mode: 0o777, modifiedMs: 0, size: 0, linkpath: 'x' } as const;
  const paths = ['a', 'b', 'c'].map((name) => `${`${name}/`.repeat(63)}l`);
  const archive = Buffer.concat([...paths.map((path) => tarHeader({ ...entry, path })), TAR_END]);
  await expect(unpack(archive, false, 100)).rejects.toThrow('more than 100 entries or directories');
  expect(listed(to).filter((line) => line.endsWith('false'))).toHaveLength(100);
  expect(await unpack(archive, false, 3 * 63 - 100)).toMatchObject({ directories: 3 * 63 - 100, symlinks: 3 });
});

it('goes on without what an older archive of its own has too deep', async () => {
  const entry = { type: 'File', mode: 0o600, modifiedMs: 0, size: 0 } as const;
  const paths = [`${'d/'.repeat(64)}f`, 'after'];
  const archive = Buffer.concat([...paths.map((path) => tarHeader({ ...entry, path })), TAR_END]);
  await expect(unpack(archive, false)).rejects.toThrow('is deeper than 64 directories');
  expect(await unpack(archive, true)).toMatchObject({ files: 1 });
  expect(listed(to)).toEqual(['"after": ']);
});

/** No path from the root is as long as that: it is made step by step, and both a file and a directory in it. */
async function makeWide(names: string[]): Promise<void> {
  let here = (await Directory.openTrusted(from)) as Directory;
  for (const name of names) {
    mkdirSync(here.at(name));
    const next = (await here.openDirectory(name)) as Directory;
    await here.handle.close();
    here = next;
  }
  mkdirSync(here.at('d'));
  writeFileSync(here.at('f'), '');
  await here.handle.close();
}
