import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KnownNodes } from './known-nodes.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('does not make up for the looks of the time in which one was under way', async () => {
  const answers: (() => void)[] = [];
  const query = () => new Promise((resolve) => answers.push(() => resolve({ rows: [] })));
  const log = pino({ level: 'silent' });
  const pool = { query } as unknown as Pool;
  const nodes = new KnownNodes({ pool, nodeId: 'node_1', goneAfterMs: 60_000, log });
  await vi.advanceTimersByTimeAsync(5_500);
  answers[0]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(answers).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(500);
  expect(answers).toHaveLength(2);
  answers[1]?.();
  await nodes.close();
});
