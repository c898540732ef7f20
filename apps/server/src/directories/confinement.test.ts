import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PackState, packDirectory } from './archives/pack-directory.ts';
import { discard } from './confined/discard.ts';
import { openStagingOf, openWork, type SessionPlace } from './directory-site.ts';
import { listDirectory } from './files/list-directory.ts';
import { movePath } from './files/move-path.ts';
import { openAt } from './files/open-file.ts';
import { removePath } from './files/remove-path.ts';
import { writeFile } from './files/write-file.ts';
import { prepareDirectory, removeDirectory } from './session-directory.ts';

const AS_ROOT = process.getuid?.() === 0;
const OWNER = AS_ROOT ? { uid: 54_321, gid: 54_321 } : null;
const SECRET = 'of somebody else';
// It only says that the session is placed, which is so.
const pool = { query: async () => ({ rowCount: 1 }) } as unknown as Pool;

let top: string;
let outside: string;
let work: string;
let place: SessionPlace;
beforeEach(async () => {
  top = mkdtempSync(join(tmpdir(), 'aaas-confined-'));
  chmodSync(top, 0o711);
  outside = join(top, 'outside');
  mkdirSync(join(outside, 'deep'), { recursive: true });
  for (const name of ['f', 'deep/f', 'keep']) writeFileSync(join(outside, name), SECRET);
  chmodSync(outside, 0o700);
  const site = { dataDir: join(top, 'data'), nodeId: 'node_1', uidBase: null, mode: 'local' as const };
  mkdirSync(site.dataDir, { mode: 0o711 });
  place = { site, workspaceId: 'wrkspc_1', sessionId: 'sesn_1', owner: OWNER };
  await prepareDirectory(site.dataDir, 'sesn_1', OWNER);
  work = join(site.dataDir, 'sessions', 'sesn_1', 'work');
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

/** Everything outside, with its content. */
function seenOutside(): string[] {
  return readdirSync(outside, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => `${name}: ${name.endsWith('deep') ? '' : readFileSync(join(outside, name), 'utf8')}`);
}

/** A process of the agent's that puts now a directory, now a link there, as fast as it can. */
async function startSwapping(): Promise<ChildProcess> {
  const program = `
    const fs = require('node:fs');
    const make = (path) => { fs.mkdirSync(path + '/deep', { recursive: true }); fs.writeFileSync(path + '/f', 'own'); fs.writeFileSync(path + '/deep/f', 'own'); };
    const attempt = (act) => { try { act(); } catch {} };
    make('real'); attempt(() => fs.symlinkSync(${JSON.stringify(outside)}, 'link'));
    attempt(() => fs.symlinkSync(${JSON.stringify(join(outside, 'f'))}, 'flink')); fs.writeFileSync('freal', 'own');
    process.stdout.write('up');
    for (;;) {
      for (const which of ['real', 'link']) {
        attempt(() => fs.renameSync(which, 'd')); attempt(() => fs.renameSync('d', which));
        attempt(() => fs.rmSync('d', { recursive: true, force: true }));
      }
      attempt(() => make('real')); attempt(() => fs.symlinkSync(${JSON.stringify(outside)}, 'link'));
      for (const which of ['freal', 'flink']) { attempt(() => fs.renameSync(which, 'x')); attempt(() => fs.renameSync('x', which)); }
      attempt(() => fs.writeFileSync('freal', 'own')); attempt(() => fs.symlinkSync(${JSON.stringify(join(outside, 'f'))}, 'flink'));
    }`;
  const script = join(top, 'swap.cjs');
  writeFileSync(script, program, { mode: 0o644 });
  const child = spawn(process.execPath, [script], { cwd: work, stdio: ['ignore', 'pipe', 'inherit'], ...OWNER });
  if (child.stdout) await once(child.stdout, 'data');
  return child;
}

describe('a neighbour who swaps directories for links', () => {
  it('leads nobody outside who reads, writes, lists, packs, moves or removes', async () => {
    const before = seenOutside();
    const swapping = await startSwapping();
    const read: string[] = [];
    let done = 0;
    const until = Date.now() + 2_000;
    const loop = async (act: () => Promise<void>) => {
      while (Date.now() < until) {
        await act().then(
          () => done++,
          () => {},
        );
      }
    };
    const open = async () => {
      const found = await openWork(place);
      if (!found) throw new Error('no directory');
      return found;
    };
    const readAt = (names: string[]) => async () => {
      await using directory = await open();
      const found = await openAt(directory, place, names);
      if (found.kind !== 'file') return;
      await using file = found.file;
      read.push((await file.readFile()).toString());
    };
    const state: PackState = { maxBytes: 1e12, maxEntries: 1e12, bytes: 0, entries: 0, skipped: [] };
    async function* content() {
      yield Buffer.from('written');
    }
    const write = (names: string[]) => async () => {
      await writeFile(pool, place, names, content(), { mode: undefined, ifMatch: null, mustBeNew: false });
    };
    try {
      await Promise.all([
        loop(readAt(['d', 'f'])),
        loop(readAt(['d', 'deep', 'f'])),
        loop(readAt(['x'])),
        loop(write(['d', 'f'])),
        loop(write(['d', 'deep', 'new', 'f'])),
        loop(() => removePath(pool, place, ['d'], { recursive: true, ifMatch: null })),
        loop(() => removePath(pool, place, ['d', 'deep', 'f'], { recursive: true, ifMatch: null })),
        loop(async () => void (await movePath(pool, place, ['d', 'keep'], ['taken'], true))),
        loop(async () => {
          await using directory = await open();
          const { entries } = await listDirectory(directory, [], { recursive: true, limit: 1_000 });
          for (const entry of entries) if (entry.name === 'keep') read.push(SECRET);
        }),
        loop(async () => {
          await using directory = await open();
          for await (const chunk of packDirectory(directory, place, '', state)) read.push(chunk.toString('latin1'));
        }),
      ]);
    } finally {
      swapping.kill('SIGKILL');
      await once(swapping, 'exit');
    }
    expect(done).toBeGreaterThan(10);
    expect(read.length).toBeGreaterThan(0);
    expect(read.filter((text) => text.includes(SECRET))).toEqual([]);
    expect(seenOutside()).toEqual(before);
  });
});

it('never reads a hard link to what is not the agent’s', async () => {
  if (!OWNER) return;
  chownSync(work, 0, 0);
  const { linkSync } = await import('node:fs');
  linkSync(join(outside, 'f'), join(work, 'hard'));
  await using directory = await openWork(place);
  if (!directory) throw new Error('no directory');
  await expect(openAt(directory, place, ['hard'])).rejects.toMatchObject({ code: 'path_not_allowed' });
});

it('removes a tree with links in it and nothing that they point to', async () => {
  const before = seenOutside();
  mkdirSync(join(work, 'a', 'b'), { recursive: true });
  symlinkSync(outside, join(work, 'a', 'b', 'link'));
  symlinkSync(join(outside, 'f'), join(work, 'a', 'file'));
  await removeDirectory(place.site.dataDir, 'sesn_1');
  expect(readdirSync(join(place.site.dataDir, 'sessions'))).toEqual(['.incoming']);
  expect(readdirSync(join(place.site.dataDir, 'sessions', '.incoming'))).toEqual([]);
  expect(seenOutside()).toEqual(before);
});

it('takes apart a tree deeper than any path is long', async () => {
  const program = `const { mkdirSync } = require('node:fs');
    for (let i = 0; i < 180; i++) { mkdirSync('a-directory-with-a-name'); process.chdir('a-directory-with-a-name'); }`;
  const made = spawn(process.execPath, ['-e', program], { cwd: work, stdio: 'inherit' });
  await once(made, 'exit');
  await using directory = await openWork(place);
  await using staging = await openStagingOf(place.site);
  if (!directory) throw new Error('no directory');
  await discard(directory, 'a-directory-with-a-name', staging);
  expect(readdirSync(work)).toEqual([]);
  expect(readdirSync(join(place.site.dataDir, 'sessions', '.incoming'))).toEqual([]);
});

it('replaces what has been put in the place of a session’s own directories', async () => {
  const home = join(work, '..', 'home');
  rmSync(home, { recursive: true });
  symlinkSync(outside, home);
  await prepareDirectory(place.site.dataDir, 'sesn_1', OWNER);
  expect(readdirSync(home)).toEqual([]);
});
