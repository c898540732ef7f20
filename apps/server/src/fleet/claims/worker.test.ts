import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Harness, HarnessSession } from '../../harness/harness.ts';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { addInput } from '../../sessions/inbox/add-input.ts';
import type { SessionContext } from '../../sessions/session-context.ts';
import { addSession, testCare, testContext, WORKSPACE } from '../../sessions/testing.ts';
import { waitForTurn } from '../../sessions/turns/wait-for-turn.ts';
import { FleetWatch } from '../placement/fleet-watch.ts';
import { Worker } from './worker.ts';

let database: TestDatabase;
let ctx: SessionContext;
beforeAll(async () => {
  database = await startTestDatabase();
  ctx = testContext(database.pool);
  await database.pool.query(
    `insert into nodes (id, roles, version, capacity, pid) values ('node_1', '{worker}', '', 4, 1)`,
  );
});
afterAll(() => database.close());

const BOUNDS = {
  slots: 4,
  idleMs: 1,
  graceMs: 0,
  placeMs: 1,
  approvalMs: 60_000,
  approvalHoldMs: 60_000,
  maxWaiting: 100,
  drainMs: 0,
  interruptMs: 1_000,
  startMs: 20_000,
  turnMs: 60_000,
  outageMs: 60_000,
  autoRecovery: true,
  maxRecoveryAttempts: 2,
  recoveryWindowMs: 60_000,
  recoveryBackoffMs: 0,
  recoveryBackoffMaxMs: 0,
};

/** Processes that take a moment to start, to answer and to end, and a record of what they were asked. */
function recordingHarness() {
  const live = new Map<string, number>();
  const seen = { most: 0, together: 0, opened: 0, inputs: [] as string[] };
  const moment = () => sleep(Math.random() * 8);
  const harness: Harness = {
    open: async ({ session: { id } }) => {
      await moment();
      seen.opened++;
      live.set(id, (live.get(id) ?? 0) + 1);
      seen.together = Math.max(seen.together, live.get(id) ?? 0);
      seen.most = Math.max(seen.most, live.size);
      const exit = Promise.withResolvers<Awaited<HarnessSession['exited']>>();
      const end = async () => {
        await moment();
        live.delete(id);
        exit.resolve({ code: 0, signal: null, error: null, breach: null, killsCounted: false });
      };
      return {
        pid: seen.opened,
        located: Promise.resolve(),
        exited: exit.promise,
        tree: { marker: 'none', uid: null },
        failed: new Promise(() => {}),
        lastOutput: () => '',
        ping: async () => {},
        progress: () => null,
        probe: moment,
        runTurn: async (turn) => {
          seen.inputs.push(turn.inputId);
          await moment();
          return {
            kind: 'completed',
            stopReason: 'end_turn',
            response: turn.inputId,
            left: { events: [], transcript: [] },
          };
        },
        interrupt: async () => {},
        close: end,
        kill: end,
      };
    },
  };
  return { harness, seen };
}

it('loses no message and answers none twice, whenever it comes while its agent falls asleep', {
  timeout: 60_000,
}, async () => {
  const { harness, seen } = recordingHarness();
  const removeDirectory = async () => {};
  const worker = new Worker({
    ctx,
    nodeId: 'node_1',
    harness,
    bounds: BOUNDS,
    care: testCare(),
    mayAct: () => true,
    goneAfterMs: 60_000,
    watch: new FleetWatch({
      ...{ ctx, nodeId: 'node_1', labels: {}, goneAfterMs: 60_000 },
      bounds: { strategy: 'least-loaded', graceMs: 1_000, failoverMs: 1_000 },
    }),
    pollMs: 10,
    removeDirectory,
  });
  try {
    const sessions = await Promise.all(Array.from({ length: 10 }, () => addSession(ctx, false)));
    await database.pool.query(`update sessions set intent = 'active'`);
    const converse = async (sessionId: string) => {
      for (let round = 0; round < 15; round++) {
        // About as long as it takes until it sleeps.
        await sleep(Math.random() * 30);
        const input = { type: 'user.message' as const, body: { content: [{ type: 'text', text: 'hello' }] } };
        const added = await addInput(ctx, { workspaceId: WORKSPACE, sessionId }, input, 10);
        if (added.kind !== 'accepted' || !added.turnId) throw new Error(added.kind);
        worker.wake(sessionId);
        const turn = await waitForTurn(ctx, sessionId, added.turnId, AbortSignal.timeout(30_000), false);
        expect(turn).toMatchObject({ state: 'completed', attempts: 1, response: added.inputId });
      }
    };
    await Promise.all(sessions.map(converse));
    expect(seen.inputs.length).toBe(150);
    expect(new Set(seen.inputs).size).toBe(150);
    expect(seen.together).toBe(1);
    expect(seen.most).toBeLessThanOrEqual(BOUNDS.slots);
    // They did fall asleep.
    expect(seen.opened).toBeGreaterThan(30);
    const left = await database.pool.query(`select sum(waiting)::int as waiting from session_heads`);
    expect(left.rows[0].waiting).toBe(0);
  } finally {
    await worker.close();
  }
  const rows = await database.pool.query(`select distinct status from sessions`);
  expect(rows.rows).toEqual([{ status: 'hibernated' }]);
});
