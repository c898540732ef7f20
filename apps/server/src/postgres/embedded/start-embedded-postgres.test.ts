import { spawn } from 'node:child_process';
import { access, chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readPostmasterFile } from './postmaster-file.ts';
import { isAlive } from './process-alive.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';
import { AS_ROOT, ask, eventually, makeScratch, type Scratch } from './testing.ts';

let scratch: Scratch;

describe('without a database', () => {
  beforeEach(async () => {
    scratch = await makeScratch();
  });
  afterEach(() => scratch.close());

  it('makes a database in a missing folder, keeps it through a stop, and leaves no process', async () => {
    const { dataDir, cluster } = scratch;
    const first = await startEmbeddedPostgres({ dataDir });
    expect(first).toMatchObject({ how: 'initialised', majorVersion: 18 });
    await ask(first, 'create table kept (word text)');
    await ask(first, `insert into kept values ('Äpfel')`);
    await first.stop();
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);

    const second = await startEmbeddedPostgres({ dataDir });
    expect(second.how).toBe('started');
    expect(await ask(second, 'select upper(word) as word from kept')).toEqual([{ word: 'ÄPFEL' }]);
    await second.stop();
    expect(await readdir(dirname(cluster))).toEqual(expect.arrayContaining(['db', 'log', 'sock']));
  });

  it('is durable, private and without a network port', async () => {
    const database = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    const names = [
      'fsync',
      'data_checksums',
      'listen_addresses',
      'server_encoding',
      'max_connections',
      'shared_buffers',
    ];
    const settings = await ask<{ name: string; setting: string }>(
      database,
      `select name, current_setting(name) as setting from pg_settings where name in ('${names.join("','")}')`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      fsync: 'on',
      data_checksums: 'on',
      listen_addresses: '',
      server_encoding: 'UTF8',
      max_connections: '100',
      shared_buffers: '64MB',
    });
    const [{ locale } = { locale: '' }] = await ask<{ locale: string }>(
      database,
      'select datlocale as locale from pg_database where datname = current_database()',
    );
    expect(locale).toBe('C.UTF-8');
    const owner = (await stat(scratch.cluster)).uid;
    expect(owner === 0).toBe(false);
    for (const dir of [scratch.cluster, database.connection.host]) {
      expect((await stat(dir)).mode & 0o777).toBe(0o700);
      expect((await stat(dir)).uid).toBe(owner);
    }
    const dataDir = await stat(scratch.dataDir);
    expect(dataDir.uid).toBe(process.geteuid?.());
    expect(dataDir.mode & 0o777).toBe(AS_ROOT ? 0o711 : 0o700);
    await database.stop();
  });

  it('lets one of several servers win that start a new folder at once', async () => {
    const children = ['hold', 'hold', 'hold'].map(() => scratch.child('hold'));
    const answers = await Promise.all(
      children.map((child) => eventually(() => child.lines.find((line) => /^(started|failed) /.test(line)))),
    );
    expect(answers.filter((line) => line.startsWith('started '))).toHaveLength(1);
    expect(answers.filter((line) => /^failed StartupError: .* is in use by /.test(line))).toHaveLength(2);
    expect((await readdir(dirname(scratch.cluster))).sort()).toEqual(['db', 'log', 'sock']);
  });

  it('heals an initialisation that was killed half-way', async () => {
    const child = scratch.child('once');
    const home = dirname(scratch.cluster);
    const staging = await eventually(async () =>
      (await readdir(home).catch(() => [])).find((name) => name.startsWith('db.init-')),
    );
    await eventually(() => exists(join(home, staging, 'global/pg_control')));
    await child.kill();
    const database = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    expect(database.how).toBe('initialised');
    await database.stop();
    expect((await readdir(home)).sort()).toEqual(['db', 'log', 'sock']);
  });

  it('heals a folder that another initdb left half made', async () => {
    const { cluster, dataDir } = scratch;
    await mkdir(join(cluster, 'base/1'), { recursive: true });
    await writeFile(join(cluster, 'PG_VERSION'), '18\n');
    const database = await startEmbeddedPostgres({ dataDir });
    expect(database.how).toBe('initialised');
    expect(await ask(database, 'select 1 as one')).toEqual([{ one: 1 }]);
    await database.stop();
  });

  it('can be aborted at any moment and leaves nothing running', async () => {
    const { dataDir, cluster } = scratch;
    const reason = new Error('enough');
    const abort = new AbortController();
    const start = startEmbeddedPostgres({ dataDir, signal: abort.signal });
    start.catch(() => {});
    await eventually(async () => (await readdir(dirname(cluster)).catch(() => [])).some((name) => /init-/.test(name)));
    abort.abort(reason);
    await expect(start).rejects.toBe(reason);
    expect((await readdir(dirname(cluster))).filter((name) => name !== 'sock')).toEqual([]);

    await (await startEmbeddedPostgres({ dataDir })).stop();
    for (const afterMs of [0, 8, 16, 24, 32]) {
      const outcome = await startEmbeddedPostgres({ dataDir, signal: AbortSignal.timeout(afterMs) }).catch(() => null);
      await outcome?.stop();
      expect(await readPostmasterFile(cluster)).toBeNull();
    }
  });
});

describe('with a database', () => {
  beforeAll(async () => {
    scratch = await makeScratch();
    await (await startEmbeddedPostgres({ dataDir: scratch.dataDir })).stop();
  });
  afterEach(() => scratch.stopAll());
  afterAll(() => scratch.close());

  it('refuses a second server while the first one lives, and leaves it alone', async () => {
    const { dataDir } = scratch;
    const first = await startEmbeddedPostgres({ dataDir });
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/in use by aaas process \d+/);
    expect(await ask(first, 'select 1 as one')).toEqual([{ one: 1 }]);
    await first.stop();
  });

  it('removes the lock files of a dead server whose process id now belongs to another program', async () => {
    const { dataDir, cluster } = scratch;
    const holder = scratch.child('hold');
    const { pid, host } = JSON.parse(await holder.line('started')) as { pid: number; host: string };
    await holder.kill();
    process.kill(pid, 'SIGKILL');
    await eventually(() => !isAlive(pid));
    // Not this process: PostgreSQL knows that its own parent cannot be the old server.
    const other = spawn('sleep', ['600']);
    for (const path of [join(cluster, 'postmaster.pid'), join(host, '.s.PGSQL.5432.lock')]) {
      await writeFile(path, (await readFile(path, 'utf8')).replace(/^\d+/, String(other.pid)));
    }
    try {
      const database = await startEmbeddedPostgres({ dataDir });
      expect(database.how).toBe('started');
      expect((await readPostmasterFile(cluster))?.pid).toBe(database.pid);
      await database.stop();
      expect(other.exitCode ?? other.signalCode).toBeNull();
    } finally {
      other.kill();
    }
  });

  it('replaces an orphan that does not answer', async () => {
    const holder = scratch.child('hold');
    const { pid } = JSON.parse(await holder.line('started')) as { pid: number };
    await holder.kill();
    process.kill(pid, 'SIGSTOP');
    const database = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    expect(database.how).toBe('replaced');
    expect(isAlive(pid)).toBe(false);
    await database.stop();
  });

  it('replaces an orphan that runs with other settings than this release', async () => {
    const holder = scratch.child('hold');
    const { pid } = JSON.parse(await holder.line('started')) as { pid: number };
    await holder.kill();
    const path = join(scratch.cluster, 'postmaster.opts');
    await writeFile(path, (await readFile(path, 'utf8')).replace('64MB', '32MB'));
    // In a process that has nothing else to wait for: it must not end before this does.
    const next = scratch.child('once');
    expect(JSON.parse(await next.line('started'))).toMatchObject({ how: 'replaced' });
    expect(isAlive(pid)).toBe(false);
    expect(await next.line('stopped')).toBe('on');
  });

  it('tightens what others may read or write', async () => {
    const { cluster, dataDir } = scratch;
    await chmod(cluster, 0o755);
    await chmod(dataDir, 0o777);
    await (await startEmbeddedPostgres({ dataDir })).stop();
    expect((await stat(cluster)).mode & 0o777).toBe(0o700);
    expect((await stat(dataDir)).mode & 0o022).toBe(0);
  });

  it('tells why the server did not start', async () => {
    const { cluster, dataDir } = scratch;
    await writeFile(join(cluster, 'postgresql.conf'), 'no_such_setting = 1\n');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(
      /did not start: .*(no_such_setting|contains errors)/,
    );
  });

  it('says what to do about a damaged database and one of another version, and touches neither', async () => {
    const { cluster, dataDir } = scratch;
    await writeFile(join(cluster, 'PG_VERSION'), '17\n');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(
      /made by PostgreSQL 17, but this release brings 18/,
    );
    await writeFile(join(cluster, 'PG_VERSION'), '18\n');
    await rm(join(cluster, 'global/pg_control'));
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/damaged \(global\/pg_control is missing\)/);
    expect(await exists(join(cluster, 'base/5'))).toBe(true);
  });
});

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
