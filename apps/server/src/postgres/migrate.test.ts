import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StartupError } from '../start/startup-error.ts';
import { migrate } from './migrate.ts';
import { TEST_SERVERS, type TestSchema, type TestServer } from './test-servers.ts';

describe.each(TEST_SERVERS)('migrate on %s', (_name, start) => {
  let server: TestServer;
  let schema: TestSchema;
  let folder: string;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    schema = await server.schema();
    folder = await mkdtemp(join(tmpdir(), 'aaas-migrations-'));
    await write('0001-first.sql', 'create table first (n int);\ninsert into first values (1);\n');
    await write('0002-second-step.sql', 'create table second (n int);');
  });
  afterEach(async () => {
    await schema.close();
    await rm(folder, { recursive: true });
  });
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  const run = () => migrate(schema.pool, { folder });
  const recorded = async () =>
    (await schema.pool.query<{ name: string }>('select name from schema_migrations order by version')).rows.map(
      ({ name }) => name,
    );

  it('applies what is missing, in order, once', async () => {
    expect(await run()).toEqual([
      { version: 1, name: '0001-first' },
      { version: 2, name: '0002-second-step' },
    ]);
    expect(await run()).toEqual([]);
    await write('0003-third.sql', 'alter table first add m int');
    expect(await run()).toEqual([{ version: 3, name: '0003-third' }]);
    expect(await recorded()).toEqual(['0001-first', '0002-second-step', '0003-third']);
    const { rows } = await schema.pool.query('select version, applied_at from schema_migrations where version = 3');
    expect(rows).toEqual([{ version: 3, applied_at: expect.any(Date) }]);
  });

  it('lets nodes that start together take turns', async () => {
    await write('0003-slow.sql', 'select pg_sleep(0.2); create table slow (n int)');
    const others = [run(), run(), run()];
    const applied = await Promise.all([run(), ...others]);
    expect(applied.map((list) => list.length).sort()).toEqual([0, 0, 0, 3]);
    expect((await schema.pool.query('select n from first')).rows).toEqual([{ n: 1 }]);
  });

  it('keeps nothing of a migration that fails, and all before it', async () => {
    await write('0003-broken.sql', 'create table half (n int);\nselect no_such_column from half;');
    const error = await run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartupError);
    expect((error as Error).message).toMatch(/migration 0003-broken failed: .*no_such_column/);
    expect(await recorded()).toEqual(['0001-first', '0002-second-step']);
    expect((await schema.pool.query(`select to_regclass('half') as half`)).rows).toEqual([{ half: null }]);
    await write('0003-broken.sql', 'create table half (n int)');
    expect(await run()).toEqual([{ version: 3, name: '0003-broken' }]);
  });

  it('refuses a migration that ends its own transaction', async () => {
    await write('0003-commits.sql', 'create table early (n int); commit;');
    await expect(run()).rejects.toThrow(/0003-commits failed: it ends the transaction/);
  });

  it('refuses an applied migration that has changed, but not for its line ends', async () => {
    await run();
    await write('0001-first.sql', 'create table first (n int);\r\ninsert into first values (1);\r\n');
    expect(await run()).toEqual([]);
    await write('0001-first.sql', 'create table first (n bigint);');
    await expect(run()).rejects.toThrow(/migration 0001-first is not what was applied/);
  });

  it('refuses a database that is newer than the release', async () => {
    await run();
    await rm(join(folder, '0002-second-step.sql'));
    await expect(run()).rejects.toThrow(/newer than this release, which does not know its migration 0002-second-step/);
  });

  it.each(['0004-gap.sql', '0002-twice.sql', 'unnumbered.sql'])('refuses the file %s', async (name) => {
    await write(name, 'select 1');
    await expect(run()).rejects.toThrow(/out of line/);
    expect((await schema.pool.query(`select to_regclass('first') as first`)).rows).toEqual([{ first: null }]);
  });

  it('does nothing with an empty folder', async () => {
    await rm(join(folder, '0001-first.sql'));
    await rm(join(folder, '0002-second-step.sql'));
    expect(await run()).toEqual([]);
  });

  it("makes the platform's own tables", async () => {
    expect(await migrate(schema.pool)).toContainEqual({ version: 1, name: '0001-initial' });
    expect(await migrate(schema.pool)).toEqual([]);
  });
});
