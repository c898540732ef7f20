import { newId } from '@aaas/contract/ids';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import type { SessionContext } from '../../sessions/session-context.ts';
import { addSession, testContext, WORKSPACE } from '../../sessions/testing.ts';
import { claimSessions, countWaiting } from './claim-sessions.ts';

let database: TestDatabase;
let ctx: SessionContext;
let template: string;
beforeAll(async () => {
  database = await startTestDatabase();
  ctx = testContext(database.pool);
  template = await addSession(ctx, false);
});
afterAll(() => database.close());

/** Sessions that wait, the first since `seconds` ago and the others each a millisecond later. */
async function addWaiting(workspaceId: string, count: number, seconds: number): Promise<void> {
  await database.pool.query(`insert into workspaces (id, name) values ($1, $1) on conflict do nothing`, [workspaceId]);
  await database.pool.query(
    `with added as (
       insert into sessions (id, workspace_id, agent_id, agent_version, environment_id, harness, harness_session_id)
       select $1 || '_' || n, $2, agent_id, 1, environment_id, harness, gen_random_uuid()
         from sessions, generate_series(1, $3::int) n where id = $4
       returning id, workspace_id)
     insert into session_heads (session_id, workspace_id, waiting, runnable_at)
     select id, workspace_id, 1, now() - make_interval(secs => $5) + split_part(id, '_', 3)::int * interval '1 ms' from added`,
    [newId('sesn'), workspaceId, count, template, seconds],
  );
}

it('lets workspaces take turns, whoever has most places last, and the oldest of each first', async () => {
  await addWaiting(WORKSPACE, 500, 100);
  await addWaiting('wrkspc_small', 2, 10);
  await addWaiting('wrkspc_other', 3, 5);
  const first = await claimSessions(ctx.pool, 'node_a', 5);
  const counts = (claimed: { workspaceId: string }[]) =>
    Object.fromEntries(
      [WORKSPACE, 'wrkspc_small', 'wrkspc_other'].map((id) => [
        id,
        claimed.filter((one) => one.workspaceId === id).length,
      ]),
    );
  expect(counts(first)).toEqual({ [WORKSPACE]: 2, wrkspc_small: 2, wrkspc_other: 1 });
  const oldest = await ctx.pool.query(
    `select session_id from session_heads where workspace_id = $1 order by runnable_at limit 2`,
    [WORKSPACE],
  );
  const taken = first.filter((one) => one.workspaceId === WORKSPACE).map((one) => one.sessionId);
  expect(taken.toSorted()).toEqual(oldest.rows.map((row) => row.session_id).toSorted());
  // One place at a time, as places become free: the one that works in 40 places does not get it.
  const busy = new Map([[WORKSPACE, 40]]);
  const [one] = await claimSessions(ctx.pool, 'node_a', 1, busy);
  expect(one?.workspaceId).toBe('wrkspc_other');
  expect(await countWaiting(ctx.pool, 1_000)).toEqual({ waiting: 499, others: 0 });
  expect(await countWaiting(ctx.pool, 100)).toEqual({ waiting: 100, others: 0 });
});

it('gives many nodes that claim at once different sessions, and leaves none behind', async () => {
  const before = (await countWaiting(ctx.pool, 10_000)).waiting;
  const claims = await Promise.all(Array.from({ length: 6 }, (_, n) => claimSessions(ctx.pool, `node_${n}`, 10)));
  const ids = claims.flat().map((one) => one.sessionId);
  expect(new Set(ids).size).toBe(ids.length);
  expect((await countWaiting(ctx.pool, 10_000)).waiting).toBe(before - ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(10);
  for (const { generation } of claims.flat()) expect(generation).toBe(1);
});
