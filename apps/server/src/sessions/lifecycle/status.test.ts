import type { Intent, SandboxPhase, TurnStatus } from '@aaas/contract/lifecycle';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { managedStatusOf, statusOf } from './status.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.close());

const INTENTS: Intent[] = ['active', 'stopped', 'archived'];
const TURNS: TurnStatus[] = ['idle', 'running', 'waiting', 'rescheduling', 'terminated'];
const PHASES: SandboxPhase[] = [
  'none',
  'starting',
  'warming',
  'ready',
  'unhealthy',
  'recovering',
  'draining',
  'failed',
];

it('is the same function here and in the database', async () => {
  const { rows } = await database.pool.query<{ intent: Intent; turn: TurnStatus; phase: SandboxPhase; status: string }>(
    `select intent, turn, phase, session_status(intent, turn, phase) as status
       from unnest($1::text[]) intent, unnest($2::text[]) turn, unnest($3::text[]) phase`,
    [INTENTS, TURNS, PHASES],
  );
  expect(rows.length).toBe(INTENTS.length * TURNS.length * PHASES.length);
  for (const { intent, turn, phase, status } of rows) {
    expect([intent, turn, phase, statusOf({ intent, turnStatus: turn, sandboxPhase: phase })]).toEqual([
      intent,
      turn,
      phase,
      status,
    ]);
  }
});

it('shows under /v1 what runs, what waits to run again, and what is quiet', () => {
  expect(managedStatusOf('running', true)).toBe('running');
  expect(managedStatusOf('starting', true)).toBe('running');
  expect(managedStatusOf('recovering', true)).toBe('rescheduling');
  expect(managedStatusOf('recovering', false)).toBe('idle');
  for (const status of ['idle', 'hibernated', 'stopped', 'error'] as const)
    expect(managedStatusOf(status, false)).toBe('idle');
  expect(managedStatusOf('terminated', false)).toBe('terminated');
});
