import { newId } from '@aaas/contract/ids';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { claimSessions } from '../../fleet/claims/claim-sessions.ts';
import type { Harness, HarnessSession, InterruptedTurn, TurnOutcome, TurnSink } from '../../harness/harness.ts';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { transaction } from '../../postgres/transaction.ts';
import { resolveAsk } from '../approvals/resolve-ask.ts';
import { addInput } from '../inbox/add-input.ts';
import { draftEvent } from '../log/draft-event.ts';
import { readLog } from '../log/read-log.ts';
import { toolResultEvent, toolUseEvent } from '../log/tool-events.ts';
import type { SessionContext } from '../session-context.ts';
import { addSession, testCare, testContext, WORKSPACE } from '../testing.ts';
import { waitForTurn } from '../turns/wait-for-turn.ts';
import { SessionRunner } from './session-runner.ts';

let database: TestDatabase;
let ctx: SessionContext;
beforeAll(async () => {
  database = await startTestDatabase();
  ctx = testContext(database.pool);
  await database.pool.query(`insert into nodes (id, roles, version, capacity, pid) values ('node_1', '{}', '', 1, 1)`);
});
afterAll(() => database.close());

const BOUNDS = {
  drainMs: 0,
  interruptMs: 1_000,
  startMs: 5_000,
  turnMs: 60_000,
  autoRecovery: true,
  maxRecoveryAttempts: 2,
  recoveryWindowMs: 60_000,
  recoveryBackoffMs: 0,
  recoveryBackoffMaxMs: 0,
  outageMs: 0,
  approvalMs: 60_000,
  approvalHoldMs: 60_000,
};
const DONE = { kind: 'completed', stopReason: 'end_turn', response: 'done' } as const;
const nothing = { events: [], transcript: [] };

/** A harness whose turns go as they are told; how often it was opened shows how often its process was replaced. */
function harnessOf(turn: (text: string, sink: TurnSink) => Promise<TurnOutcome>) {
  let opened = 0;
  const harness: Harness = {
    open: async ({ sink }) => {
      opened++;
      const exit = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>();
      const end = async () => exit.resolve({ code: 0, signal: null });
      const session: HarnessSession = {
        pid: opened,
        located: Promise.resolve(),
        exited: exit.promise as HarnessSession['exited'],
        tree: { marker: 'none', uid: null },
        failed: new Promise(() => {}),
        lastOutput: () => '',
        probe: async () => {},
        ping: async () => {},
        progress: () => null,
        runTurn: ({ input }) => turn((input.content as { text: string }[])[0]?.text ?? '', sink),
        interrupt: async () => {},
        close: end,
        kill: end,
      };
      return session;
    },
  };
  return { harness, opened: () => opened };
}

/** The same, whose process is gone when a turn of it fails. `onOpen` is told what each is opened with. */
function lossy(harness: Harness, onOpen: (interrupted: InterruptedTurn | null) => void = () => {}): Harness {
  return {
    open: async (options) => {
      onOpen(options.interrupted);
      const session = await harness.open(options);
      const run = session.runTurn.bind(session);
      return Object.assign(session, {
        runTurn: (...args: Parameters<HarnessSession['runTurn']>) => {
          const outcome = run(...args);
          outcome.catch(() => session.kill());
          return outcome;
        },
      });
    },
  };
}

async function run(
  harness: Harness,
  bounds = BOUNDS,
): Promise<{ say(text: string): ReturnType<typeof waitForTurn>; sessionId: string; runner: SessionRunner }> {
  const sessionId = await addSession(ctx);
  const owned = (await claimSessions(ctx.pool, 'node_1', 100)).find((one) => one.sessionId === sessionId);
  if (!owned) throw new Error('the session was not claimed');
  const runner = new SessionRunner({
    ctx,
    owned,
    harness,
    bounds,
    care: testCare(),
    removeDirectory: async () => {},
  });
  const say = async (text: string) => {
    const input = { type: 'user.message' as const, body: { content: [{ type: 'text', text }] } };
    const added = await addInput(ctx, { workspaceId: WORKSPACE, sessionId }, input, 10);
    if (added.kind !== 'accepted' || !added.turnId) throw new Error(added.kind);
    runner.wake();
    return waitForTurn(ctx, sessionId, added.turnId, AbortSignal.timeout(20_000), false);
  };
  return { say, sessionId, runner };
}

// Text in Postgres holds no NUL, whatever else is done about it.
const BAD = { subpath: '', uuid: 'a\0b', entry: '{}' };

it('fails a turn whose end the database will not take, and goes on in a new process', { timeout: 40_000 }, async () => {
  const { harness, opened } = harnessOf(async (text) => ({
    ...DONE,
    left: text === 'bad' ? { events: [], transcript: [BAD] } : nothing,
  }));
  const { say, sessionId } = await run(harness);
  expect(await say('good')).toMatchObject({ state: 'completed' });
  expect(await say('bad')).toMatchObject({
    state: 'failed',
    error: { message: expect.stringMatching(/could not be stored \(22021\)/) },
  });
  expect(await say('good again')).toMatchObject({ state: 'completed', response: 'done' });
  expect(opened()).toBe(2);
  const log = await readLog(ctx.pool, sessionId, 0, 100);
  expect(log.map((event) => event.seq)).toEqual(log.map((_, index) => index + 1));
});

it('fails a turn in the middle of which the database will not take something', { timeout: 40_000 }, async () => {
  const { harness, opened } = harnessOf(async (text, sink) => {
    if (text === 'bad') await sink.commit({ events: [], transcript: [BAD] });
    return { ...DONE, left: nothing };
  });
  const { say } = await run(harness);
  expect(await say('bad')).toMatchObject({ state: 'failed', attempts: 1 });
  expect(await say('good')).toMatchObject({ state: 'completed' });
  expect(opened()).toBeGreaterThan(0);
});

it('names the turn in what it says of a process that was lost', { timeout: 40_000 }, async () => {
  let losses = 0;
  const { harness } = harnessOf(async (_text, sink) => {
    if (losses++ > 0) return { ...DONE, left: nothing };
    await sink.commit({ events: [draftEvent('agent.message', { content: [] })], transcript: [] });
    throw new Error('lost');
  });
  const { say, sessionId } = await run(lossy(harness));
  const turn = await say('go on');
  expect(turn).toMatchObject({ state: 'completed', attempts: 2 });
  const log = await readLog(ctx.pool, sessionId, 0, 100);
  for (const type of ['session.status_rescheduled', 'session.status_running']) {
    const turns = log.filter((event) => event.type === type).map((event) => event.turnId);
    expect([type, turns.length > 0, new Set(turns)]).toEqual([type, true, new Set([turn?.id])]);
  }
});

it('tells each process of the calls that were begun, also of those that the one before was told of', {
  timeout: 40_000,
}, async () => {
  const calls = ['one', 'two'].map((name) => ({ eventId: newId('sevt'), name: 'Bash', ref: name }));
  const input = { command: 'date' };
  let attempts = 0;
  const { harness } = harnessOf(async (_text, sink) => {
    if (++attempts === 3) return { ...DONE, left: nothing };
    if (attempts === 1) {
      const ended = { content: [{ type: 'text', text: 'noon' }], is_error: false };
      const events = calls.map((call) => toolUseEvent(call, { input }, call.ref));
      const [one] = calls as [(typeof calls)[0]];
      await sink.commit({ events: [...events, toolResultEvent(one, ended, one.ref)], transcript: [] });
    }
    throw new Error('lost');
  });
  const told: unknown[] = [];
  const { say } = await run(lossy(harness, (interrupted) => told.push(interrupted?.tools ?? null)));
  expect(await say('go on')).toMatchObject({ state: 'completed', attempts: 3 });
  const begun = [
    { ref: 'one', name: 'Bash', input, outcome: 'noon' },
    { ref: 'two', name: 'Bash', input, outcome: null },
  ];
  expect(told).toEqual([null, begun, begun]);
});

it('counts no time for which its turn waits for a person', { timeout: 40_000 }, async () => {
  const turnMs = 2_000;
  const { harness } = harnessOf(async (_text, sink) => {
    const call = { eventId: newId('sevt'), name: 'Bash' };
    await sink.commit({
      events: [toolUseEvent(call, { input: {}, evaluated_permission: 'ask' }, 'ref')],
      transcript: [],
    });
    await sink.asks.open({ ...call, ref: 'ref', input: {} });
    const answer = await sink.asks.answered(call.eventId, AbortSignal.timeout(30_000));
    const spent = answer.allow && (await sink.asks.spend(call.eventId, 'ref'));
    await sink.commit({ events: [toolResultEvent(call, { content: [], is_error: !spent }, 'ref')], transcript: [] });
    return { ...DONE, left: nothing };
  });
  const { say, sessionId, runner } = await run(harness, { ...BOUNDS, turnMs });
  const waiting = await say('ask');
  expect(waiting).toMatchObject({ state: 'running', approvals: [expect.any(String)], sessionStatus: 'idle' });
  const startedAt = waiting?.startedAt?.getTime() ?? 0;
  await expect.poll(() => Date.now() - startedAt, { timeout: 20_000 }).toBeGreaterThan(turnMs + 500);
  const [id = ''] = waiting?.approvals ?? [];
  const decision = { decision: 'allow' as const, message: null, keyId: 'apikey_1' };
  await transaction(ctx.pool, (db) => resolveAsk(db, { workspaceId: WORKSPACE, id }, decision, ctx.now()));
  runner.wake();
  const ended = await waitForTurn(ctx, sessionId, waiting?.id ?? '', AbortSignal.timeout(20_000), false);
  expect(ended).toMatchObject({ state: 'completed', response: 'done', approvals: [] });
});
