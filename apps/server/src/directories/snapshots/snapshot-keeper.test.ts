import type { Pool } from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { testContext } from '../../sessions/testing.ts';
import { type KeeperOptions, SnapshotKeeper } from './snapshot-keeper.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('begins no look while one is under way', async () => {
  const answers: (() => void)[] = [];
  const query = () => new Promise((resolve) => answers.push(() => resolve({ rows: [] })));
  const keeper = new SnapshotKeeper({
    ctx: testContext({ query } as unknown as Pool),
    site: { nodeId: 'node_1' },
    settings: { SNAPSHOT_INTERVAL: 60, DRAIN_TIMEOUT: 0 },
    mayAct: () => true,
  } as unknown as KeeperOptions);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(answers).toHaveLength(1);
  answers[0]?.();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(answers).toHaveLength(2);
  const closed = keeper.close();
  answers[1]?.();
  await vi.advanceTimersByTimeAsync(0);
  answers[2]?.();
  await closed;
  expect(answers).toHaveLength(3);
});
