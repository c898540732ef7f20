import { afterAll, beforeAll, expect, it } from 'vitest';
import { claimSessions } from '../../fleet/claims/claim-sessions.ts';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { transaction } from '../../postgres/transaction.ts';
import { addInput } from '../inbox/add-input.ts';
import { loadSession } from '../lifecycle/load-session.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import { addSession, testContext, WORKSPACE } from '../testing.ts';
import { beginTurn } from '../turns/begin-turn.ts';
import { listApprovals } from './find-approvals.ts';
import { openAsk } from './open-ask.ts';
import { resolveAsk } from './resolve-ask.ts';
import { spendGrant } from './spend-grant.ts';

let database: TestDatabase;
let ctx: SessionContext;
beforeAll(async () => {
  database = await startTestDatabase();
  ctx = testContext(database.pool);
  await database.pool.query(`insert into nodes (id, roles, version, capacity, pid) values ('node_1', '{}', '', 1, 1)`);
});
afterAll(() => database.close());

/** A session in the middle of a turn, with `count` open asks. */
async function asking(count = 1, expiresInMs = 60_000): Promise<{ owned: OwnedSession; ids: string[] }> {
  const sessionId = await addSession(ctx);
  const owned = (await claimSessions(ctx.pool, 'node_1', 100)).find((one) => one.sessionId === sessionId);
  if (!owned) throw new Error('the session was not claimed');
  const input = { type: 'user.message' as const, body: { content: [] } };
  await addInput(ctx, { workspaceId: WORKSPACE, sessionId }, input, 10);
  const row = await loadSession(ctx, owned);
  const turn = await beginTurn(ctx, owned, row);
  const ids = Array.from({ length: count }, (_, index) => `sevt_${sessionId.slice(5)}${index}`);
  for (const eventId of ids) {
    const call = { eventId, ref: `ref_${eventId}`, name: 'Bash', input: { command: 'rm x' } };
    await openAsk(ctx, owned, row, turn?.id ?? '', call, expiresInMs);
  }
  return { owned, ids };
}

const answer = (id: string, decision: 'allow' | 'deny', at = ctx.now()) =>
  transaction(ctx.pool, (db) =>
    resolveAsk(db, { workspaceId: WORKSPACE, id }, { decision, message: null, keyId: 'apikey_1' }, at),
  );

it('takes one of many answers that come at once, and repeats it to those who say the same', async () => {
  const { ids } = await asking();
  const [id = ''] = ids;
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => answer(id, index % 2 === 0 ? 'allow' : 'deny')),
  );
  const kinds = answers.map(({ kind }) => kind).toSorted();
  expect(kinds).toEqual(['decided', ...Array(6).fill('otherwise'), ...Array(5).fill('repeated')]);
  const said = await database.pool.query(`select 1 from notices where type = 'user.tool_confirmation'`);
  expect(said.rowCount).toBe(1);
});

it('lets one call spend a grant, however often it asks, and no other', async () => {
  const { owned, ids } = await asking(2);
  const [id = '', other = ''] = ids;
  expect(await spendGrant(ctx, owned, id, 'call_1')).toBe(false);
  await answer(id, 'allow');
  await answer(other, 'deny');
  const spent = await Promise.all(
    ['call_1', 'call_1', 'call_2', 'call_3'].map((ref) => spendGrant(ctx, owned, id, ref)),
  );
  const winner = spent[0] ? 'call_1' : spent[2] ? 'call_2' : 'call_3';
  expect(spent).toEqual(['call_1', 'call_1', 'call_2', 'call_3'].map((ref) => ref === winner));
  expect(await spendGrant(ctx, owned, id, winner)).toBe(true);
  expect(await spendGrant(ctx, owned, other, 'call_1')).toBe(false);
});

it('neither asks nor spends under a generation that has ended', async () => {
  const { owned, ids } = await asking();
  const [id = ''] = ids;
  await answer(id, 'allow');
  const row = await loadSession(ctx, owned);
  const old = { ...owned, generation: owned.generation - 1 };
  expect(await spendGrant(ctx, old, id, 'call_1')).toBe(false);
  const call = { eventId: `${id}late`, ref: 'r', name: 'Bash', input: {} };
  await expect(openAsk(ctx, old, row, row.openTurnId ?? '', call, 1_000)).rejects.toBeInstanceOf(Fenced);
  expect(await answer(call.eventId, 'allow')).toEqual({ kind: 'no_approval' });
});

it('takes no answer after its time, although nobody has come by to say so', async () => {
  const { ids } = await asking(1, 1_000);
  const late = new Date(ctx.now().getTime() + 1_001);
  expect(await answer(ids[0] ?? '', 'allow', late)).toEqual({ kind: 'otherwise', status: 'expired' });
});

it('lists newest first, page by page, and only what is asked for', async () => {
  const { owned, ids } = await asking(5);
  await answer(ids[4] ?? '', 'deny');
  const filter = { agentId: null, sessionId: owned.sessionId, status: 'open' as const, after: null, limit: 3 };
  const first = await listApprovals(ctx.pool, WORKSPACE, filter);
  const second = await listApprovals(ctx.pool, WORKSPACE, { ...filter, after: first.at(-1)?.id ?? null });
  expect([...first, ...second].map(({ id }) => id)).toEqual(ids.slice(0, 4).toReversed());
  expect(await listApprovals(ctx.pool, 'wrkspc_other', filter)).toEqual([]);
});
