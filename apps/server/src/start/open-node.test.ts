import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadSettings } from '../config/load-settings.ts';
import { changeDrain } from '../fleet/draining/change-drain.ts';
import { viewFleet } from '../fleet/view-fleet.ts';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { Closers } from './closers.ts';
import { openNode } from './open-node.ts';

let database: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  database = await startTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'aaas-node-'));
});
afterAll(async () => {
  await database.close();
  await rm(dataDir, { recursive: true });
});

it('does not count as a node that lives when its start has failed, and drains on', async () => {
  if (!('host' in database.target)) throw new Error('not the embedded database');
  const { host, user, database: name } = database.target;
  const environment = (byte: number) => ({
    DATABASE_URL: `postgres://${user}@localhost/${name}?host=${host}`,
    ...{ DATA_DIR: dataDir, PORT: '0', ROLES: 'worker', AAAS_ENV_FILE: '/dev/null' },
    ENCRYPTION_KEY: Buffer.alloc(32, byte).toString('base64'),
  });
  const open = async (byte: number) => {
    const closers = new Closers();
    const opening = openNode(loadSettings(environment(byte)), pino({ level: 'silent' }), closers);
    const opened = await opening.catch((error: Error) => error);
    if (!(opened instanceof Error)) await changeDrain(database.pool, opened.registered.id, true);
    await closers.closeAll();
    return opened instanceof Error ? opened.message : 'opened';
  };
  const nodes = async () => {
    const self = { nodeId: '', load: {} as never, leaseTtlSeconds: 60, maxWaiting: 1, now: new Date() };
    const { rows } = await database.pool.query('select draining_since is not null as drains from nodes');
    return { rows, states: (await viewFleet(database.pool, self)).nodes.map(({ state }) => state) };
  };
  expect(await open(1)).toBe('opened');
  const over = { rows: [{ drains: true }], states: ['lost'] };
  expect(await nodes()).toEqual(over);
  expect(await open(2)).toContain('ENCRYPTION_KEY');
  expect(await nodes()).toEqual(over);
});
