import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from './process-alive.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './start-embedded-postgres.ts';
import { ask, eventually, makeScratch, type Scratch, type StartedChild } from './testing.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.close());

describe('after a crash', () => {
  it('replaces the database of a killed server, with every row that it acknowledged', async () => {
    const { child, pid } = await startWriter();
    await child.kill();
    const database = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    expect(database.how).toBe('replaced');
    expect(isAlive(pid)).toBe(false);
    expect(await lostRows(database, child)).toEqual([]);
    await database.stop();
    expect(isAlive(database.pid)).toBe(false);
  });

  it('recovers when the database was killed too, with every row that was acknowledged', async () => {
    const { child, pid } = await startWriter();
    process.kill(pid, 'SIGKILL');
    await child.kill();
    const database = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    expect(database.how).toBe('started');
    expect(await lostRows(database, child)).toEqual([]);
    await database.stop();
  });

  it('ends a backend that outlived its postmaster in the middle of a query', async () => {
    const first = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    const busy = new pg.Client({ ...first.connection, port: 5432, ssl: false });
    busy.on('error', () => {});
    await busy.connect();
    const [{ pid: backend } = { pid: 0 }] = (await busy.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
    const query = busy.query('select count(*) from generate_series(1, 1e11::bigint)').catch((error: Error) => error);
    await eventually(async () => {
      const rows = await ask<{ state: string }>(first, `select state from pg_stat_activity where pid = ${backend}`);
      return rows[0]?.state === 'active';
    });
    process.kill(first.pid, 'SIGKILL');
    await eventually(() => !isAlive(first.pid));
    expect(isAlive(backend)).toBe(true);

    const second = await startEmbeddedPostgres({ dataDir: scratch.dataDir });
    expect(second.how).toBe('started');
    expect(isAlive(backend)).toBe(false);
    expect(await query).toBeInstanceOf(Error);
    await busy.end();
    await first.stop(); // knows that its server is gone: it must not stop the second one
    expect(await ask(second, 'select 1 as one')).toEqual([{ one: 1 }]);
    await second.stop();
  });

  it('takes its lock again when PostgreSQL has ended all connections', async () => {
    const { dataDir } = scratch;
    const database = await startEmbeddedPostgres({ dataDir });
    const locked = `select pid from pg_locks where locktype = 'advisory' and granted`;
    const [{ pid: before } = { pid: 0 }] = await ask<{ pid: number }>(database, locked);
    process.kill(before, 'SIGKILL'); // as when memory runs out: the postmaster then restarts all backends
    await eventually(async () => {
      const rows = await ask<{ pid: number }>(database, locked).catch(() => []);
      return rows[0] !== undefined && rows[0].pid !== before;
    });
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/in use by/);
    await database.stop();
    expect(isAlive(database.pid)).toBe(false);
  });
});

async function startWriter(): Promise<{ child: StartedChild; pid: number }> {
  const child = scratch.child('insert');
  const { pid } = JSON.parse(await child.line('started')) as { pid: number };
  await eventually(() => child.lines.length > 60);
  return { child, pid };
}

async function lostRows(database: EmbeddedPostgres, child: StartedChild): Promise<number[]> {
  const rows = await ask<{ n: number }>(database, 'select n from acknowledged');
  const kept = new Set(rows.map(({ n }) => n));
  const acknowledged = child.lines
    .filter((line) => line.startsWith('acknowledged '))
    .map((line) => Number(line.slice(13)));
  expect(acknowledged.length).toBeGreaterThan(50);
  return acknowledged.filter((n) => !kept.has(n));
}
