import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Settings } from '@aaas/contract/settings';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OwnBeats } from '../fleet/nodes/own-beats.ts';
import { registerNode } from '../fleet/nodes/register-node.ts';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { addSession, testContext } from '../sessions/testing.ts';
import { Closers } from './closers.ts';
import { openLease } from './open-lease.ts';
import type { Node } from './open-node.ts';

let database: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  database = await startTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'aaas-lease-'));
});
afterAll(async () => {
  await database.close();
  await rm(dataDir, { recursive: true });
});

it('gives up what it owned as a worker when it starts again as something else', async () => {
  const { pool, target } = database;
  const facts = { capacity: 1, version: '', region: null, labels: {}, patienceMs: 1_000, keepsDirectories: false };
  const crashed = await registerNode({ pool, target, dataDir, roles: ['worker'], ...facts });
  const sessionId = await addSession(testContext(pool));
  await pool.query('update session_heads set owner = $1 where session_id = $2', [crashed.id, sessionId]);
  await crashed.connection.close();

  const registered = await registerNode({ pool, target, dataDir, roles: ['api'], ...facts });
  const log = pino({ level: 'silent' });
  const [beats, closers] = [new OwnBeats(3_000), new Closers()];
  const settings = Settings.parse({ LEASE_TTL: '3', LEASE_MARGIN: '1' });
  const node = { settings, registered, beats, database: { ...database, cutConnections: () => {} }, log, closers };
  const ends = { custody: null, forsake: async () => {}, onReplaced: () => {} };
  await openLease(node as unknown as Node, ends);
  try {
    const heads = await pool.query('select owner, runnable_at is not null as waits from session_heads');
    expect(heads.rows).toEqual([{ owner: null, waits: true }]);
  } finally {
    await closers.closeAll();
  }
});
