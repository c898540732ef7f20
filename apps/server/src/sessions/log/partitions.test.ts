import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBoundary } from '../../agents/export/find-boundary.ts';
import { exportedLines } from '../../agents/export/lines.ts';
import { createPool } from '../../postgres/pool.ts';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { addInput } from '../inbox/add-input.ts';
import { takeInterrupts } from '../inbox/take-interrupts.ts';
import { changeIntent } from '../lifecycle/change-intent.ts';
import { loadSession } from '../lifecycle/load-session.ts';
import { purgeSession } from '../lifecycle/purge-session.ts';
import { transition } from '../lifecycle/transition.ts';
import type { OwnedSession, SessionContext } from '../session-context.ts';
import { addSession, testContext, WORKSPACE } from '../testing.ts';
import { beginTurn, type OpenTurn } from '../turns/begin-turn.ts';
import { endTurn } from '../turns/end-turn.ts';
import { findCalls } from '../turns/turn-calls.ts';
import { addNotice } from './add-notice.ts';
import { appendEvents } from './append.ts';
import { draftEvent } from './draft-event.ts';
import { logNotices } from './log-notices.ts';
import { readEvents } from './read-events.ts';
import { readLifecycle } from './read-lifecycle.ts';
import { findFirstKept, readLog } from './read-log.ts';
import { cutLog } from './retention/cut-log.ts';
import { removeEvents } from './retention/event-retention.ts';
import { findCut } from './retention/find-cut.ts';

const SESSIONS = 60;
const never = new AbortController().signal;

interface Work {
  ctx: SessionContext;
  pool: Pool;
  owned: OwnedSession;
  turn: OpenTurn;
}

const say = ({ ctx, owned }: Work) =>
  addInput(
    ctx,
    { workspaceId: WORKSPACE, sessionId: owned.sessionId },
    { type: 'user.message', body: { content: [{ type: 'text', text: 'hello' }] } },
    10,
  );
const filter = { types: null, from: null, before: null, limit: 50 };

/** What the platform does with the log of one session, in an order in which all of it has something to do. */
const OPERATIONS: [name: string, run: (work: Work) => Promise<unknown>][] = [
  ['append', ({ ctx, owned }) => appendEvents(ctx, owned, { turnId: null, events: [draftEvent('agent.message')] })],
  ['tail', ({ pool, owned }) => readLog(pool, owned.sessionId, 1, 100)],
  ['first that is kept', ({ pool, owned }) => findFirstKept(pool, owned.sessionId)],
  ['page, oldest first', ({ pool, owned }) => readEvents(pool, owned.sessionId, null, { ...filter, order: 'asc' })],
  ['page, newest first', ({ pool, owned }) => readEvents(pool, owned.sessionId, null, { ...filter, order: 'desc' })],
  ['lifecycle', ({ pool, owned }) => readLifecycle(pool, owned.sessionId, 0, 50)],
  [
    'beginning of a turn',
    async (work) => {
      await say(work);
      const turn = await beginTurn(work.ctx, work.owned, await loadSession(work.ctx, work.owned));
      if (!turn) throw new Error('nothing waits');
      work.turn = turn;
    },
  ],
  ['calls of a turn', ({ ctx, owned, turn }) => findCalls(ctx, owned, turn)],
  [
    'interrupt',
    async ({ ctx, owned, turn }) => {
      await addInput(ctx, { workspaceId: WORKSPACE, ...owned }, { type: 'user.interrupt', body: {} }, 10);
      await takeInterrupts(ctx, owned, turn.id);
    },
  ],
  [
    'end of a turn',
    async ({ ctx, owned, turn }) => {
      const row = await loadSession(ctx, owned);
      const ending = { state: 'completed', stopReason: 'end_turn', response: 'well', error: null } as const;
      await endTurn(ctx, owned, row, turn, { ...ending, reason: 'turn_ended' }, { events: [], transcript: [] });
    },
  ],
  [
    'change of the sandbox',
    async ({ ctx, owned }) => {
      const row = await loadSession(ctx, owned);
      await transition(ctx, owned, row, { sandboxPhase: 'ready' }, { reason: 'process_spawned' });
    },
  ],
  [
    'notice',
    async ({ ctx, pool, owned }) => {
      const notice = { workspaceId: WORKSPACE, sessionId: owned.sessionId, turnId: null, id: 'sevt_notice' };
      await addNotice(pool, { ...notice, type: 'x.budget', body: {} }, ctx.now());
      await logNotices(ctx, owned);
    },
  ],
  [
    'wish to stop',
    ({ ctx, owned }) =>
      changeIntent(
        ctx,
        { workspaceId: WORKSPACE, sessionId: owned.sessionId },
        { intent: 'stopped', operation: null, reason: 'stop_requested' },
      ),
  ],
  [
    'export',
    async ({ pool, owned }) => {
      const boundary = await findBoundary(pool, owned.sessionId, never);
      for (const [, lines] of exportedLines(pool, owned.sessionId, boundary)) for await (const _ of lines);
    },
  ],
  ['where to cut', ({ pool, owned }) => findCut(pool, owned.sessionId, new Date())],
  ['cut', ({ pool, owned }) => cutLog(pool, owned.sessionId, 2, never)],
  ['purge', async ({ ctx, owned }) => purgeSession(ctx, owned, await loadSession(ctx, owned))],
];

// Both kinds of plan that a prepared statement can get: which of them is for PostgreSQL to say, and it changes with the data.
describe.each(['force_custom_plan', 'force_generic_plan'])('statements of the log, under %s', (mode) => {
  let database: TestDatabase;
  /** One connection: what it has counted is known when it has said so. */
  let pool: Pool;
  const work = {} as Work;
  beforeAll(async () => {
    database = await startTestDatabase();
    const ctx = testContext(database.pool);
    for (let n = 0; n < SESSIONS; n++) await addSession(ctx);
    await database.pool.query(`alter database postgres set plan_cache_mode = ${mode}`);
    pool = createPool(database.target, { max: 1, log: { warn: () => {} } });
    Object.assign(work, { ctx: testContext(pool), pool, owned: { sessionId: await addSession(ctx), generation: 0 } });
  });
  afterAll(async () => {
    await pool?.end();
    await database?.close();
  });

  /** How often each partition was looked into or written to meanwhile; those that were not are left out. */
  async function met(run: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = await counts();
    await run();
    const after = await counts();
    const differences = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
    return Object.fromEntries(differences.filter(([, count]) => count > 0));
  }
  async function counts(): Promise<Record<string, number>> {
    await pool.query('select pg_stat_force_next_flush()');
    const { rows } = await pool.query<{ name: string; count: number }>(
      `select s.relname as name, s.seq_scan + s.idx_scan + s.n_tup_ins as count
         from pg_partition_tree('events') t join pg_stat_user_tables s on s.relid = t.relid where t.isleaf`,
    );
    return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
  }

  it('are counted: one that names no session meets all partitions', async () => {
    expect(Object.keys(await met(() => pool.query('select count(*) from events where at > now()')))).toHaveLength(16);
  });

  it.each(OPERATIONS)('%s meets the partition of its session alone', async (_name, run) => {
    const { rows } = await pool.query<{ name: string }>(
      'select distinct tableoid::regclass::text as name from events where session_id = $1',
      [work.owned.sessionId],
    );
    expect(Object.keys(await met(() => run(work)))).toEqual([rows[0]?.name]);
  });

  it('retention looks at each log once', async () => {
    const looks = await met(() => removeEvents(pool, new Date(0), never));
    expect(Object.keys(looks).length).toBeGreaterThan(8);
    expect(Object.values(looks).reduce((sum, count) => sum + count)).toBe(SESSIONS);
  });
});
