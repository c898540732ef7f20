import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstUntraversable } from '../../processes/first-untraversable.ts';
import { canMakePassage } from '../../processes/passage.ts';
import { isAlive } from './process-alive.ts';
import { findAccount } from './server-account.ts';
import { claimDirectory } from './socket-directory.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';
import { AS_ROOT, accountNamed, ask, makeScratch, type Scratch } from './testing.ts';

const STRANGER = { uid: 54_321, gid: 54_321 };
const passwd = await readFile('/etc/passwd', 'utf8');

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.close());

describe('paths', () => {
  it('serves a data directory whose path is too long for a socket, from a private temporary directory', async () => {
    await scratch.close();
    scratch = await makeScratch('d'.repeat(120));
    const database = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    const { host } = database.connection;
    expect(host.startsWith(scratch.dataDir)).toBe(false);
    const info = await stat(host);
    expect(info.mode & 0o777).toBe(0o700);
    expect(info.uid).toBe((await stat(scratch.cluster)).uid);
    expect(await ask(database, 'select 1 as one')).toEqual([{ one: 1 }]);
    await database.stop();
    await expect(stat(host)).rejects.toThrow('ENOENT');
  });

  it('serves a path with spaces, commas, quotes and letters of many bytes', async () => {
    await scratch.close();
    scratch = await makeScratch(`my, "data" 'dir' ü`);
    const database = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    expect(database.connection.host.startsWith(scratch.dataDir)).toBe(true);
    expect(await ask(database, 'select 1 as one')).toEqual([{ one: 1 }]);
    await database.stop();
  });

  it('refuses a socket directory that is not a private one of the database user', async () => {
    const account = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, stepsDown: false };
    const planted = join(scratch.dir, 'planted');
    await mkdir(planted, { mode: 0o755 });
    await chmod(planted, 0o755);
    await expect(claimDirectory(planted, account)).rejects.toThrow(/should be a private directory/);
    await symlink(scratch.dir, join(scratch.dir, 'link'));
    await expect(claimDirectory(join(scratch.dir, 'link'), account)).rejects.toThrow(/should be a private directory/);
    if (!AS_ROOT) return;
    await chmod(planted, 0o700);
    await chown(planted, STRANGER.uid, STRANGER.gid);
    await expect(claimDirectory(planted, account)).rejects.toThrow(/user id 54321 made it/);
  });

  it('refuses a shared directory and a file', async () => {
    await mkdir(scratch.dataDir);
    await writeFile(join(scratch.dataDir, 'something'), '');
    await chmod(scratch.dataDir, 0o1777);
    await expect(startEmbeddedPostgres({ dataDir: scratch.dataDir })).rejects.toThrow(/shared with other users/);
    const file = join(scratch.dir, 'file');
    await writeFile(file, '');
    await expect(startEmbeddedPostgres({ dataDir: file })).rejects.toThrow(/cannot be used|not a directory/);
  });
});

describe.runIf(AS_ROOT)('as root', () => {
  it.runIf(canMakePassage())('runs below a directory that is closed to its user', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'aaas-closed-'));
    const database = await startEmbeddedPostgres({ dataDir: join(closed, 'a/data') });
    expect(await ask(database, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await stat(`/proc/${database.pid}`)).uid).not.toBe(0);
    await database.stop();
    expect((await stat(closed)).mode & 0o777).toBe(0o700);
    await rm(closed, { recursive: true });
  });

  it('takes an empty folder over from another user, and refuses one in use', async () => {
    await mkdir(scratch.dataDir);
    await chown(scratch.dataDir, STRANGER.uid, STRANGER.gid);
    const database = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    expect(await stat(scratch.dataDir)).toMatchObject({ uid: 0 });
    await database.stop();
    await chown(scratch.dataDir, STRANGER.uid, STRANGER.gid);
    await expect(startEmbeddedPostgres({ dataDir: scratch.dataDir })).rejects.toThrow(
      /belongs to user id 54321, but the server runs as 0/,
    );
  });

  it('runs as the user who owns the files, also when that has no name any more', async () => {
    await (await startEmbeddedPostgres({ dataDir: scratch.dataDir })).stop();
    await chownTree(scratch.cluster, STRANGER);
    const database = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    expect(await stat(`/proc/${database.pid}`)).toMatchObject(STRANGER);
    await database.stop();
    await chownTree(scratch.cluster, { uid: 0, gid: 0 });
    await expect(startEmbeddedPostgres({ dataDir: scratch.dataDir })).rejects.toThrow(/belong to root/);
  });
});

const nobody = AS_ROOT ? accountNamed(passwd, 'nobody') : STRANGER;
const sourceIsOpen = AS_ROOT && firstUntraversable(import.meta.dirname, nobody.uid, nobody.gid) === null;

describe.runIf(sourceIsOpen)('as a plain user', () => {
  it('makes, runs and stops a database in a folder of its own', async () => {
    await chown(scratch.dir, nobody.uid, nobody.gid);
    for (const how of ['initialised', 'started']) {
      const child = scratch.child('once', nobody);
      expect(JSON.parse(await child.line('started'))).toMatchObject({ how });
      expect(await child.line('stopped')).toBe('on');
      await child.ended();
    }
    for (const path of [scratch.dataDir, join(scratch.dataDir, 'postgres'), scratch.cluster]) {
      const info = await stat(path);
      expect(info).toMatchObject({ uid: nobody.uid });
      expect(info.mode & 0o777).toBe(0o700);
    }
  });

  it('says whose a folder is that another user made', async () => {
    await (await startEmbeddedPostgres({ dataDir: scratch.dataDir })).stop();
    expect(await scratch.child('once', nobody).line('failed')).toMatch(
      new RegExp(`^StartupError: .* belongs to user id 0, but the server runs as ${nobody.uid}`),
    );
  });

  it('says that it may not make the folder', async () => {
    expect(await scratch.child('once', nobody).line('failed')).toMatch(/^StartupError: .*cannot be used \(EACCES/);
  });

  it('says that PostgreSQL needs a name for the user', async () => {
    await chown(scratch.dir, STRANGER.uid, STRANGER.gid);
    expect(await scratch.child('once', STRANGER).line('failed')).toMatch(/^StartupError: .*no entry in \/etc\/passwd/);
  });

  it('replaces what it left running', async () => {
    await chown(scratch.dir, nobody.uid, nobody.gid);
    const first = scratch.child('hold', nobody);
    const { pid } = JSON.parse(await first.line('started')) as { pid: number };
    await first.kill();
    expect(JSON.parse(await scratch.child('once', nobody).line('started'))).toMatchObject({ how: 'replaced' });
    expect(isAlive(pid)).toBe(false);
  });
});

describe('findAccount', () => {
  it('reads ids, and those of macOS as unsigned', () => {
    const text = 'root:*:0:0::/:/bin/sh\nnobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n';
    expect(findAccount(text, 'nobody')).toEqual({ uid: 4_294_967_294, gid: 4_294_967_294 });
    expect(findAccount(text, 'postgres')).toBeNull();
  });
});

async function chownTree(path: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  await chown(path, uid, gid);
  for (const name of await readdir(path, { recursive: true })) await chown(join(path, name), uid, gid);
}
