import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxPhase, StatusReason } from '@aaas/contract/lifecycle';
import type { Harness } from '../../harness/harness.ts';
import { isPermanent, sqlStateOf } from '../../postgres/permanent-error.ts';
import { addLogFields, type LogFields, withLogFields } from '../../telemetry/log-context.ts';
import { takeAsks } from '../approvals/take-asks.ts';
import { takeInterrupts } from '../inbox/take-interrupts.ts';
import { logNotices } from '../log/log-notices.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import { beginTurn } from '../turns/begin-turn.ts';
import { abandonedEnding } from '../turns/judge-turn.ts';
import { TurnDriver } from '../turns/run-turn.ts';
import { changeIntent } from './change-intent.ts';
import { clearRunnable } from './clear-runnable.ts';
import { type Action, decide, type Observed } from './decide.ts';
import type { TakeSnapshot } from './directory-snapshot.ts';
import { fallAsleep, stayAwake } from './fall-asleep.ts';
import { HeldPlace } from './held-place.ts';
import { loadSession, type SessionRow } from './load-session.ts';
import { Mailbox } from './mailbox.ts';
import type { PlaceDirectory } from './place-directory.ts';
import { purgeSession } from './purge-session.ts';
import { condemnSandbox, failSession, recoverSandbox, recoveryOf, retryTurn } from './recover-sandbox.ts';
import { releaseSession } from './release-session.ts';
import type { RunnerBounds, RunnerParts } from './runner-parts.ts';
import type { SandboxCare } from './sandbox-care.ts';
import { SandboxKeeper } from './sandbox-keeper.ts';
import { onQueued, onReady, startSandbox, takeNextVersion } from './start-sandbox.ts';
import { hasOpenTurn, waitsForApproval } from './status.ts';
import { transition } from './transition.ts';
import { waitForProvider } from './wait-for-provider.ts';
import { WISHES } from './wishes.ts';

export interface RunnerOptions {
  ctx: SessionContext;
  owned: OwnedSession;
  harness: Harness;
  bounds: RunnerBounds;
  care: SandboxCare;
  /** Removes what the session has on this node's disk. */
  removeDirectory(sessionId: string): Promise<void>;
  /** Names what is in its directory when its process has ended. */
  takeSnapshot?: TakeSnapshot;
  /** Sees to it that its directory is here before its process is started. */
  placeDirectory?: PlaceDirectory;
  /** Its process has begun to wait for work. */
  onIdle?(): void;
}

const DATABASE_PAUSE_MS = 1_000;
// After a transcript could not be verified.
const STAYS_AWAKE_MS = 60_000;
// What the database refuses so often in a row, it will always refuse.
const REFUSALS_MAX = 3;

/**
 * The owner of one session on this node: a single loop that looks, decides and acts. Only this loop writes the
 * session's row; what happens meanwhile (a turn that ended, a process that died) is posted to it.
 */
export class SessionRunner {
  /** Resolves when the session is given up and no process of it is left here. */
  readonly done: Promise<void>;
  readonly #options: RunnerOptions;
  readonly #parts: RunnerParts;
  readonly #mailbox = new Mailbox();
  readonly #sandbox: SandboxKeeper;
  readonly #turns: TurnDriver;
  readonly #place = new HeldPlace();
  #row!: SessionRow;
  #drainingSince: number | null = null;
  #waitsSince: number | null = null;
  #fenced = false;
  /** Why its state can no longer be written. */
  #refusal: string | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { ctx, owned, harness, bounds, care } = options;
    const post = (job: () => Promise<void>) => this.#mailbox.post(job);
    const row = () => this.#row;
    this.#turns = new TurnDriver({
      ctx,
      owned,
      post,
      row,
      onRetry: (failures, error) => retryTurn(this.#parts, failures, error),
      onOutage: (failures, error) => waitForProvider(this.#parts, failures, error),
      outageMs: () => bounds.outageMs,
      approvalMs: () => bounds.approvalMs,
      onUnstorable: (why) => this.#sandbox.lose('transcript_lost', why),
    });
    this.#sandbox = new SandboxKeeper({
      harness,
      urgency: () => (hasOpenTurn(this.#row) || this.#row.messageWaits ? 'message' : 'start'),
      onQueued: (why) => onQueued(this.#parts, why),
      owned,
      care,
      sink: this.#turns.sink,
      startMs: () => bounds.startMs,
      post,
      onSpawned: (pid) => this.#move('warming', 'process_spawned', { pid }),
      onReady: (start) => onReady(this.#parts, start),
      onStep: (kind, step, seconds) => ctx.metrics.sandboxStartStep(kind, step, seconds),
      placeDirectory: options.placeDirectory,
    });
    this.#parts = { ctx, owned, bounds, row, turns: this.#turns, sandbox: this.#sandbox };
    this.done = withLogFields(this.#logFields(), () => this.#run());
  }

  /** The turn is looked up when a line is written. */
  #logFields(): LogFields {
    const { sessionId, generation } = this.#options.owned;
    const turns = this.#turns;
    return {
      session_id: sessionId,
      generation,
      get turn_id() {
        return turns.turnId ?? undefined;
      },
    };
  }

  /** Something may have changed: look at the row again. */
  wake(): void {
    this.#mailbox.wake();
  }

  /** The node wants the place back; the session drains and is released. */
  leave(reason: StatusReason): void {
    this.#place.leave = reason;
    this.wake();
  }

  /** Another node owns the session: what runs here for it ends. */
  fence(): void {
    this.#fenced = true;
    this.wake();
  }

  /** The node does not want the place back after all. What has been ended stays so. */
  stay(): void {
    if (this.#place.stay()) this.wake();
  }

  /** Others have waited long for a place, or it may not be here any more: it gives up its own when its turn has ended. */
  yieldPlace(reason: Extract<StatusReason, 'slot_needed' | 'placement_changed'> = 'slot_needed'): void {
    if (this.#place.yields) return;
    this.#place.yieldFor(reason);
    this.wake();
  }

  /** What its agent's definition says of its sleep. Null: it leaves that to the platform, or nothing is known yet. */
  get idleTimeoutSeconds(): number | null {
    return this.#row?.definition.idle_timeout_seconds ?? null;
  }

  /** Since when it works on turns without having waited for one. Milliseconds since 1970; null: not on any yet. */
  get busySince(): number | null {
    return this.#place.busySince;
  }

  /** It was asked to give up its place, and has not been given a reason to stay. */
  get leaving(): boolean {
    return this.#place.leave !== null;
  }

  /** Since when the process waits for work; null while it does not. Milliseconds since 1970. */
  get idleSince(): number | null {
    return this.#place.idleSince;
  }

  async #run(): Promise<void> {
    const { ctx, owned } = this.#options;
    for (let refusals = 0; ; ) {
      try {
        if (await this.#step()) return;
        refusals = 0;
      } catch (error) {
        if (error instanceof Fenced) {
          ctx.log.warn({ session_id: owned.sessionId, generation: owned.generation }, 'session taken by another owner');
          await this.#sandbox.kill();
          return;
        }
        ctx.log.error({ err: error, session_id: owned.sessionId }, 'failed to advance session');
        refusals = isPermanent(error) ? refusals + 1 : 0;
        if (refusals === REFUSALS_MAX) {
          this.#mailbox.dropFailed();
          this.#refusal = `its state could not be stored (${sqlStateOf(error)}); the log of the server says more`;
        }
        await sleep(DATABASE_PAUSE_MS);
      }
    }
  }

  /** One round. @returns true when the session is no longer ours. */
  async #step(): Promise<boolean> {
    const { ctx, owned, bounds } = this.#options;
    if (this.#fenced) throw new Fenced(owned);
    await this.#mailbox.work();
    this.#row = await loadSession(ctx, owned);
    addLogFields({ workspace_id: this.#row.workspaceId, agent_id: this.#row.agentId });
    if (this.#refusal) {
      await failSession(this.#parts, 'attempts_used_up', this.#refusal);
      this.#refusal = null;
      return false;
    }
    const now = ctx.now().getTime();
    const { rules, losses } = recoveryOf(this.#parts);
    const facts = {
      ...this.#row,
      losses: losses.length,
      retryAt: this.#row.retryAt?.getTime() ?? null,
      versionPending: this.#row.nextVersion !== null,
    };
    const { drainMs, approvalHoldMs } = bounds;
    const action = decide(facts, this.#observe(), { drainMs, approvalHoldMs, restart: rules }, now);
    switch (action.do) {
      case 'wait':
        if (this.#row.runnable) await clearRunnable(ctx, owned, this.#row.requested);
        if (this.#place.rest(this.#sandbox.state === 'live' && this.#rests(), now)) this.#options.onIdle?.();
        await this.#mailbox.sleep(action.until === null ? null : Math.max(0, action.until - now));
        // An idle process is mostly woken by one message: take that at once, and look at the row only if it is not so.
        if (this.#place.idleSince !== null && !this.#turns.open && !this.leaving && this.#sandbox.state === 'live')
          await this.#beginTurn(this.#row.requested + 1);
        return false;
      case 'release':
        return releaseSession(ctx, owned, this.#row.requested, this.#hasWorkLeft());
      case 'purge':
        // First the disk: when we die in between, the row still says what is to be removed.
        await this.#options.removeDirectory(owned.sessionId).catch((error) => {
          ctx.log.error({ err: error, session_id: owned.sessionId }, 'failed to remove the directory of a session');
        });
        await purgeSession(ctx, owned, this.#row);
        return true;
      default:
        ctx.log.debug({ session_id: owned.sessionId, action }, 'session acts');
        await this.#act(action);
        return false;
    }
  }

  #observe(): Observed {
    return {
      process: this.#sandbox.state,
      lostReason: this.#sandbox.lostReason,
      endedCleanly: this.#sandbox.endedCleanly,
      turnDriven: this.#turns.open !== null,
      turnDeadline: this.#turnDeadline(),
      busy: this.#turns.asks.busy,
      waitsSince: this.#waitsSince,
      interrupted: this.#turns.interruptedBy !== null,
      drainingSince: this.#drainingSince,
      leave: this.#place.leave,
      yields: this.#place.yields,
    };
  }

  /** The process has nothing to do: no turn, or one that waits for a person. */
  #rests(): boolean {
    return !this.#turns.open || (waitsForApproval(this.#row) && !this.#turns.asks.busy);
  }

  #turnDeadline(): number | null {
    const { open } = this.#turns;
    if (!open || waitsForApproval(this.#row)) return null;
    return open.startedAt.getTime() + open.waitedMs + this.#options.bounds.turnMs;
  }

  #hasWorkLeft(): boolean {
    if (this.#row.intent !== 'active' || this.#row.sandboxPhase === 'failed') return false;
    if (waitsForApproval(this.#row)) return this.#row.asksAnswered > 0 || this.#row.interruptWaits;
    return hasOpenTurn(this.#row) || this.#row.messageWaits || this.#row.operation !== null;
  }

  async #act(action: Exclude<Action, { do: 'wait' | 'release' | 'purge' }>): Promise<void> {
    const { ctx, owned } = this.#options;
    switch (action.do) {
      case 'start':
        this.#drainingSince = null;
        this.#place.forgetSleep();
        return startSandbox(this.#parts);
      case 'take_version':
        return takeNextVersion(this.#parts);
      case 'begin_turn':
        await this.#beginTurn(this.#row.requested);
        return;
      case 'resume_turn': {
        const interrupted = this.#sandbox.interrupted;
        this.#place.busySince ??= ctx.now().getTime();
        if (interrupted) this.#turns.drive(this.#sandbox.session, interrupted.turn, 'resume');
        else await this.#sandbox.lose('process_exited', 'the process does not know its open turn');
        return;
      }
      case 'interrupt':
        return this.#interrupt(action.reason);
      case 'settle_interrupt':
        return takeInterrupts(ctx, owned, null);
      case 'log_notices':
        await logNotices(ctx, owned);
        return;
      case 'take_asks':
        await takeAsks(this.#parts);
        this.#waitsSince = waitsForApproval(this.#row) ? ctx.now().getTime() : null;
        // The answer came before the sleep did.
        if (this.#waitsSince === null && this.#place.leave !== 'node_drained') this.#place.leave = null;
        return;
      case 'abandon_turn':
        await takeInterrupts(ctx, owned, null);
        return this.#turns.abandon(abandonedEnding(this.#turns.interruptedBy ?? action.reason));
      case 'drain':
        this.#drainingSince = ctx.now().getTime();
        return this.#move('draining', this.#place.leave ?? 'stop_requested');
      case 'close':
        return this.#close(action.reason);
      case 'condemn':
        return condemnSandbox(this.#parts);
      case 'recover':
        return recoverSandbox(this.#parts, action.reason);
      case 'fail':
        return failSession(this.#parts, action.reason, this.#sandbox.lostDetail);
      case 'settle':
        return this.#settle(action.phase, action.reason);
      case 'operation_done':
        this.#drainingSince = null;
        this.#place.forgetSleep();
        this.#place.idleSince = null;
        await transition(
          ctx,
          owned,
          this.#row,
          { sandboxPhase: 'ready', operationDone: 'start' },
          { reason: this.#row.operation === null ? 'drain_undone' : 'start_requested' },
        );
        return;
      case 'finish':
        await changeIntent(ctx, { ...owned, workspaceId: this.#row.workspaceId }, WISHES.finish);
        return;
    }
  }

  async #move(sandboxPhase: SandboxPhase, reason: StatusReason, change: { pid?: number | null } = {}): Promise<void> {
    await transition(this.#options.ctx, this.#options.owned, this.#row, { sandboxPhase, ...change }, { reason });
  }

  /** Takes the next message, if one waits. `requested`: what has been asked of the session up to that message. */
  async #beginTurn(requested: number): Promise<void> {
    const { ctx, owned, bounds } = this.#options;
    const turn = await beginTurn(ctx, owned, { ...this.#row, requested });
    if (!turn) return;
    this.#place.work(turn.startedAt.getTime());
    this.#row.turnStatus = 'running';
    this.#turns.drive(this.#sandbox.session, turn, 'new');
    // The row cannot have changed in a way that matters: whoever asks for something wakes us.
    await this.#mailbox.sleep(bounds.turnMs);
  }

  async #interrupt(reason: StatusReason): Promise<void> {
    const { ctx, owned, bounds } = this.#options;
    this.#turns.interruptedBy = reason;
    await takeInterrupts(ctx, owned, this.#turns.open?.id ?? null);
    const settled = this.#turns.settled;
    const deadline = sleep(bounds.interruptMs, 'late' as const, { ref: false });
    // The answer of the process is a courtesy: past the deadline it is killed and another goes on.
    const session = this.#sandbox.session;
    void Promise.race([
      session.interrupt().then(
        () => settled,
        () => settled,
      ),
      deadline,
    ]).then(async (how) => {
      if (how === 'late') await this.#sandbox.lose('turn_interrupted', 'the process did not obey an interrupt in time');
    });
  }

  async #close(reason: StatusReason): Promise<void> {
    const driven = this.#turns.open !== null;
    const asks = waitsForApproval(this.#row);
    this.#turns.detach();
    const asleep = await fallAsleep(this.#parts, reason, { driven, asks, takeSnapshot: this.#options.takeSnapshot });
    if (!asleep) {
      this.#place.stayAwakeUntil(this.#options.ctx.now().getTime() + STAYS_AWAKE_MS);
      return stayAwake(this.#parts);
    }
    this.#drainingSince = null;
    await this.#settle('none', reason, asleep.detail);
  }

  /** Says in the row that no process runs. That is what a wish for sleep wanted. */
  async #settle(sandboxPhase: SandboxPhase, reason: StatusReason, detail: string | null = null): Promise<void> {
    const { ctx, owned } = this.#options;
    const { operation } = this.#row;
    const operationDone = operation === 'hibernate' || waitsForApproval(this.#row) ? operation : null;
    await transition(ctx, owned, this.#row, { sandboxPhase, pid: null, operationDone }, { reason, detail });
  }
}
