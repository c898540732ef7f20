import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../../../postgres/test-database.ts';
import { addInput } from '../../inbox/add-input.ts';
import { loadSession } from '../../lifecycle/load-session.ts';
import { purgeSession } from '../../lifecycle/purge-session.ts';
import type { OwnedSession, SessionContext } from '../../session-context.ts';
import { addSession, testContext, WORKSPACE } from '../../testing.ts';
import { beginTurn, type OpenTurn } from '../../turns/begin-turn.ts';
import { endTurn } from '../../turns/end-turn.ts';
import { appendEvents } from '../append.ts';
import { draftEvent } from '../draft-event.ts';
import { readLog } from '../read-log.ts';
import { removeEvents } from './event-retention.ts';

const DAY_MS = 86_400_000;
const NOW = Date.now();
const daysAgo = (days: number) => new Date(NOW - days * DAY_MS);
const BEFORE = daysAgo(30);
const never = new AbortController().signal;

let database: TestDatabase;
let ctx: SessionContext;
/** What the platform takes for the present. */
let now = new Date(NOW);
beforeAll(async () => {
  database = await startTestDatabase();
  ctx = { ...testContext(database.pool), now: () => now };
});
afterAll(() => database?.close());

async function newSession(): Promise<OwnedSession> {
  now = daysAgo(100);
  return { sessionId: await addSession(ctx), generation: 0 };
}

async function begin(owned: OwnedSession): Promise<OpenTurn> {
  const body = { content: [{ type: 'text', text: 'hello' }] };
  await addInput(ctx, { workspaceId: WORKSPACE, ...owned }, { type: 'user.message', body }, 10);
  const turn = await beginTurn(ctx, owned, await loadSession(ctx, owned));
  if (!turn) throw new Error('nothing waits');
  return turn;
}

const append = (owned: OwnedSession, turnId: string | null, count = 1) =>
  appendEvents(ctx, owned, { turnId, events: Array.from({ length: count }, () => draftEvent('agent.thinking')) });

async function end(owned: OwnedSession, turn: OpenTurn): Promise<void> {
  const ending = {
    state: 'completed',
    stopReason: 'end_turn',
    response: 'well',
    error: null,
    reason: 'turn_ended',
  } as const;
  await endTurn(ctx, owned, await loadSession(ctx, owned), turn, ending, { events: [], transcript: [] });
}

/** A whole turn with so many events of its own, at a moment. */
async function turnAt(owned: OwnedSession, at: Date, events = 1): Promise<OpenTurn> {
  now = at;
  const turn = await begin(owned);
  await append(owned, turn.id, events);
  await end(owned, turn);
  return turn;
}

const kept = async ({ sessionId }: OwnedSession) => {
  const { rows } = await database.pool.query<{ first: number; last: number; count: number }>(
    'select min(seq) as first, max(seq) as last, count(*)::int as count from events where session_id = $1',
    [sessionId],
  );
  const row = rows[0] as { first: number; last: number; count: number };
  // Never a hole.
  expect(row.count).toBe(row.last - row.first + 1);
  return row.first;
};

it('cuts each log at its front, by whole turns, and never into the last one or one that is open', async () => {
  const aged = await newSession();
  await turnAt(aged, daysAgo(90));
  await turnAt(aged, daysAgo(60));
  const young = await turnAt(aged, daysAgo(10));
  await turnAt(aged, daysAgo(1));

  const asleep = await newSession();
  await turnAt(asleep, daysAgo(90));
  const last = await turnAt(asleep, daysAgo(80));
  // It was started and stopped since: none of that is in a turn.
  await append(asleep, null, 3);

  now = daysAgo(90);
  const open = await newSession();
  await turnAt(open, daysAgo(90));
  const waiting = await begin(open);
  await append(open, waiting.id, 5);

  const straddling = await newSession();
  await turnAt(straddling, daysAgo(90));
  now = daysAgo(31);
  const long = await begin(straddling);
  await append(straddling, long.id, 4);
  now = daysAgo(29);
  await end(straddling, long);
  await turnAt(straddling, daysAgo(28));

  now = daysAgo(90);
  const silent = await newSession();
  await append(silent, null, 9);

  const removed = await removeEvents(database.pool, BEFORE, never);
  expect(await kept(aged)).toBe(young.firstSeq);
  expect(await kept(asleep)).toBe(last.firstSeq);
  expect(await kept(open)).toBe(waiting.firstSeq);
  expect(await kept(straddling)).toBe(long.firstSeq);
  expect(await kept(silent)).toBe(10);
  expect(removed.sessions).toBe(5);
  // Nothing is left to do, however often one looks.
  expect(await removeEvents(database.pool, BEFORE, never)).toEqual({ events: 0, sessions: 0 });

  // The open one goes on, ends, and goes when there is another one.
  await end(open, waiting);
  const next = await turnAt(open, daysAgo(0));
  await removeEvents(database.pool, BEFORE, never);
  expect(await kept(open)).toBe(next.firstSeq);
});

it('goes by the order of the log where clocks of nodes differ', async () => {
  const owned = await newSession();
  const [first, second] = [await turnAt(owned, daysAgo(90)), await turnAt(owned, daysAgo(20))];
  // Of a node whose clock was far behind.
  await turnAt(owned, daysAgo(50));
  await turnAt(owned, daysAgo(1));
  await removeEvents(database.pool, BEFORE, never);
  expect(first.firstSeq).toBeLessThan(second.firstSeq);
  expect(await kept(owned)).toBe(second.firstSeq);
});

it('removes long logs in batches while their owner writes on, and whole sessions of any length', async () => {
  const owned = await newSession();
  await turnAt(owned, daysAgo(90), 6_000);
  const last = await turnAt(owned, daysAgo(90), 6_000);
  const removing = removeEvents(database.pool, daysAgo(1), never);
  now = new Date(NOW);
  const written = Promise.all(Array.from({ length: 20 }, () => append(owned, null)));
  const { events } = await removing;
  await written;
  expect(events).toBeGreaterThan(6_000);
  expect(await kept(owned)).toBe(last.firstSeq);
  expect((await readLog(database.pool, owned.sessionId, 0, 1))[0]?.seq).toBe(last.firstSeq);

  await turnAt(owned, daysAgo(0), 5_000);
  const { pool } = database;
  await pool.query(`insert into transcripts (session_id, entry) select $1, '{}' from generate_series(1, 25000)`, [
    owned.sessionId,
  ]);
  await purgeSession(ctx, owned, await loadSession(ctx, owned));
  const left = await pool.query(
    `select (select count(*)::int from events where session_id = $1) + (select count(*)::int from transcripts where session_id = $1)
          + (select count(*)::int from sessions where id = $1) as rows`,
    [owned.sessionId],
  );
  expect(left.rows[0].rows).toBe(0);
});

it('stops when it is told to, and goes on the next time', async () => {
  const owned = await newSession();
  await turnAt(owned, daysAgo(90), 5_000);
  await turnAt(owned, daysAgo(1));
  const stop = new AbortController();
  const removed = await removeEvents(database.pool, BEFORE, stop.signal, () => {});
  expect(removed.events).toBeGreaterThan(5_000);
  stop.abort();
  expect(await removeEvents(database.pool, BEFORE, stop.signal)).toEqual({ events: 0, sessions: 0 });
});
