import { afterAll, beforeAll, expect, it } from 'vitest';
import { claimSessions } from '../fleet/claims/claim-sessions.ts';
import { releaseSessionsOf } from '../fleet/claims/release-lost.ts';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { addInput } from './inbox/add-input.ts';
import { changeIntent } from './lifecycle/change-intent.ts';
import { clearRunnable } from './lifecycle/clear-runnable.ts';
import { loadSession } from './lifecycle/load-session.ts';
import { releaseSession } from './lifecycle/release-session.ts';
import { transition } from './lifecycle/transition.ts';
import { appendEvents } from './log/append.ts';
import { draftEvent } from './log/draft-event.ts';
import { readLog } from './log/read-log.ts';
import { Fenced, type OwnedSession, type SessionContext } from './session-context.ts';
import { addSession, testContext, WORKSPACE } from './testing.ts';
import { beginTurn } from './turns/begin-turn.ts';

let database: TestDatabase;
let ctx: SessionContext;
beforeAll(async () => {
  database = await startTestDatabase();
  ctx = testContext(database.pool);
  await database.pool.query(`insert into nodes (id, roles, version, capacity, pid)
    select 'node_' || n, '{worker}', 'test', 10, 1 from generate_series(1, 9) n`);
});
afterAll(() => database.close());

const message = (text: string, key?: string) => ({
  type: 'user.message' as const,
  body: { content: [{ type: 'text', text }] },
  ...(key ? { idempotencyKey: key, requestHash: text } : {}),
});
const session = (sessionId: string) => ({ workspaceId: WORKSPACE, sessionId });

async function own(start = true): Promise<OwnedSession> {
  const sessionId = await addSession(ctx, start);
  await database.pool.query('update session_heads set runnable_at = now() where session_id = $1', [sessionId]);
  for (;;) {
    const found = (await claimSessions(ctx.pool, 'node_1', 100)).find((owned) => owned.sessionId === sessionId);
    if (found) return found;
  }
}

const runnable = async (sessionId: string) =>
  (await database.pool.query('select runnable_at from session_heads where session_id = $1', [sessionId])).rows[0]
    .runnable_at !== null;

it('gives each session to one of many nodes that claim at once', async () => {
  const ids = await Promise.all(Array.from({ length: 30 }, () => addSession(ctx)));
  const claims = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => claimSessions(ctx.pool, `node_${n}`, 10)));
  const claimed = claims
    .flat()
    .map((owned) => owned.sessionId)
    .filter((id) => ids.includes(id));
  expect(new Set(claimed).size).toBe(claimed.length);
  expect(claims.every((claim) => claim.length <= 10)).toBe(true);
});

it('shuts out an owner whose generation has ended, and writes nothing for it', async () => {
  const old = await own();
  const row = await loadSession(ctx, old);
  await releaseSessionsOf(ctx.pool, ['node_1']);
  const next = await claimSessions(ctx.pool, 'node_2', 1_000).then((all) =>
    all.find((o) => o.sessionId === old.sessionId),
  );
  expect(next?.generation).toBeGreaterThan(old.generation);

  const before = (await readLog(ctx.pool, old.sessionId, 0, 100)).length;
  await expect(appendEvents(ctx, old, { turnId: null, events: [draftEvent('agent.message')] })).rejects.toThrow(Fenced);
  await expect(transition(ctx, old, row, { sandboxPhase: 'ready' }, { reason: 'probe_answered' })).rejects.toThrow(
    Fenced,
  );
  await expect(loadSession(ctx, old)).rejects.toThrow(Fenced);
  expect(await releaseSession(ctx, old, row.requested, false)).toBe(false);
  expect((await readLog(ctx.pool, old.sessionId, 0, 100)).length).toBe(before);
});

it('numbers a log without gap or repetition while many write to it', async () => {
  const owned = await own();
  const row = await loadSession(ctx, owned);
  await Promise.all([
    ...Array.from({ length: 40 }, (_, n) =>
      appendEvents(ctx, owned, {
        turnId: null,
        events: Array.from({ length: 1 + (n % 4) }, () => draftEvent('agent.message')),
      }),
    ),
    ...Array.from({ length: 10 }, () =>
      changeIntent(ctx, session(owned.sessionId), { intent: 'active', operation: null, reason: 'start_requested' }),
    ),
    ...Array.from({ length: 10 }, () =>
      transition(ctx, owned, row, { sandboxPhase: 'ready' }, { reason: 'probe_answered' }, [draftEvent('x.test')]),
    ),
  ]);
  const log = await readLog(ctx.pool, owned.sessionId, 0, 1_000);
  expect(log.map((event) => event.seq)).toEqual(log.map((_, index) => index + 1));
  expect(new Set(log.map((event) => event.id)).size).toBe(log.length);
  for (const event of log) expect(JSON.parse(event.payload)).toMatchObject({ id: event.id, type: event.type });
});

it('accepts a message with a key once, however often and however concurrently it comes', async () => {
  const sessionId = await addSession(ctx);
  const added = await Promise.all(
    Array.from({ length: 8 }, () => addInput(ctx, session(sessionId), message('hi', 'key-1'), 100)),
  );
  expect(added.filter((result) => result.kind === 'accepted').length).toBe(1);
  const turns = added.map((result) => ('turnId' in result ? result.turnId : null));
  expect(new Set(turns).size).toBe(1);
  expect(await addInput(ctx, session(sessionId), message('other', 'key-1'), 100)).toMatchObject({
    kind: 'duplicate',
    requestHash: 'hi',
  });
});

it('consumes inputs in the order in which they were accepted', async () => {
  const owned = await own();
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => addInput(ctx, session(owned.sessionId), message(`m${n}`), 100)),
  );
  const inbox = await database.pool.query('select id from inputs where session_id = $1 order by position', [
    owned.sessionId,
  ]);
  const row = await loadSession(ctx, owned);
  const first = await beginTurn(ctx, owned, row);
  expect(first?.inputId).toBe(inbox.rows[0].id);
  // One turn at a time: the next message waits for its end.
  expect(await beginTurn(ctx, owned, row)).toBeNull();
});

it('never wipes out the wake of a request that came after the owner looked', async () => {
  const owned = await own();
  const { requested } = await loadSession(ctx, owned);
  await addInput(ctx, session(owned.sessionId), message('late'), 100);
  await clearRunnable(ctx, owned, requested);
  expect(await runnable(owned.sessionId)).toBe(true);
  expect(await releaseSession(ctx, owned, requested, false)).toBe(false);

  const seen = await loadSession(ctx, owned);
  await clearRunnable(ctx, owned, seen.requested);
  expect(await runnable(owned.sessionId)).toBe(false);
});

it('refuses messages to what is stopped, deleted, foreign or full', async () => {
  const sessionId = await addSession(ctx, false);
  expect(await addInput(ctx, session(sessionId), message('x'), 100)).toMatchObject({
    kind: 'refused',
    status: 'stopped',
  });
  expect(await addInput(ctx, { workspaceId: 'wrkspc_other', sessionId }, message('x'), 100)).toEqual({
    kind: 'no_session',
  });
  await changeIntent(ctx, session(sessionId), { intent: 'active', operation: 'start', reason: 'start_requested' });
  for (let n = 0; n < 3; n++) await addInput(ctx, session(sessionId), message('x'), 3);
  expect(await addInput(ctx, session(sessionId), message('x'), 3)).toEqual({ kind: 'full', waiting: 3 });
  expect(await addInput(ctx, session(sessionId), { type: 'user.interrupt', body: {} }, 3)).toMatchObject({
    kind: 'accepted',
  });
  await changeIntent(ctx, session(sessionId), { intent: 'archived', operation: null, reason: 'delete_requested' });
  expect(await addInput(ctx, session(sessionId), message('x'), 100)).toEqual({ kind: 'no_session' });
  expect(
    await changeIntent(ctx, session(sessionId), { intent: 'active', operation: 'start', reason: 'start_requested' }),
  ).toBeNull();
});
