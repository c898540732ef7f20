import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxPhase, StatusReason } from '@aaas/contract/lifecycle';
import type { Harness } from '../../harness/harness.ts';
import { addLogFields, type LogFields, withLogFields } from '../../telemetry/log-context.ts';
import { takeInterrupts } from '../inbox/take-interrupts.ts';
import { draftEvent } from '../log/draft-event.ts';
import { logNotices } from '../log/log-notices.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import { beginTurn } from '../turns/begin-turn.ts';
import { failedEnding, interruptedEnding, type TurnError } from '../turns/judge-turn.ts';
import { TurnDriver } from '../turns/run-turn.ts';
import { clearOperation } from './clear-operation.ts';
import { clearRunnable } from './clear-runnable.ts';
import { type Action, decide, type Observed } from './decide.ts';
import { loadSession, type SessionRow } from './load-session.ts';
import { Mailbox } from './mailbox.ts';
import { purgeSession } from './purge-session.ts';
import { recoveryDelay } from './recovery-delay.ts';
import { releaseSession } from './release-session.ts';
import { SandboxKeeper } from './sandbox-keeper.ts';
import { hasOpenTurn } from './status.ts';
import { transition } from './transition.ts';

/** Times in milliseconds. */
export interface RunnerBounds {
  drainMs: number;
  interruptMs: number;
  startMs: number;
  turnMs: number;
  recoveryBackoffMs: number;
  maxRecoveryAttempts: number;
}

export interface RunnerOptions {
  ctx: SessionContext;
  owned: OwnedSession;
  harness: Harness;
  bounds: RunnerBounds;
  /** Removes what the session has on this node's disk. */
  removeDirectory(sessionId: string): Promise<void>;
}

const DATABASE_PAUSE_MS = 1_000;

/**
 * The owner of one session on this node: a single loop that looks, decides and acts. Only this loop writes the
 * session's row; what happens meanwhile (a turn that ended, a process that died) is posted to it.
 */
export class SessionRunner {
  /** Resolves when the session is given up and no process of it is left here. */
  readonly done: Promise<void>;
  readonly #options: RunnerOptions;
  readonly #mailbox = new Mailbox();
  readonly #sandbox: SandboxKeeper;
  readonly #turns: TurnDriver;
  #row!: SessionRow;
  #drainingSince: number | null = null;
  #leave: StatusReason | null = null;
  #idleSince: number | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { ctx, owned, harness, bounds } = options;
    this.#turns = new TurnDriver({
      ctx,
      owned,
      post: (job) => this.#mailbox.post(job),
      row: () => this.#row,
      onRetry: (failures, error) => this.#retryTurn(failures, error),
    });
    this.#sandbox = new SandboxKeeper({
      harness,
      owned,
      sink: this.#turns.sink,
      startMs: bounds.startMs,
      post: (job) => this.#mailbox.post(job),
      onSpawned: (pid) => this.#move('warming', 'process_spawned', { pid }),
      onReady: () => this.#onReady(),
    });
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
    this.#leave = reason;
    this.wake();
  }

  /** Since when the process waits for work; null while it does not. Milliseconds since 1970. */
  get idleSince(): number | null {
    return this.#idleSince;
  }

  async #run(): Promise<void> {
    const { ctx, owned } = this.#options;
    for (;;) {
      try {
        if (await this.#step()) return;
      } catch (error) {
        if (error instanceof Fenced) {
          ctx.log.warn({ session_id: owned.sessionId, generation: owned.generation }, 'session taken by another owner');
          await this.#sandbox.kill();
          return;
        }
        ctx.log.error({ err: error, session_id: owned.sessionId }, 'failed to advance session');
        await sleep(DATABASE_PAUSE_MS);
      }
    }
  }

  /** One round. @returns true when the session is no longer ours. */
  async #step(): Promise<boolean> {
    await this.#mailbox.work();
    const { ctx, owned, bounds } = this.#options;
    this.#row = await loadSession(ctx, owned);
    addLogFields({ workspace_id: this.#row.workspaceId, agent_id: this.#row.agentId });
    const now = ctx.now().getTime();
    const facts = { ...this.#row, retryAt: this.#row.retryAt?.getTime() ?? null };
    const action = decide(facts, this.#observe(), bounds, now);
    switch (action.do) {
      case 'wait':
        await clearRunnable(ctx, owned, this.#row.requested);
        this.#idleSince = this.#sandbox.state === 'live' && !this.#turns.open ? (this.#idleSince ?? now) : null;
        await this.#mailbox.sleep(action.until === null ? null : Math.max(0, action.until - now));
        // An idle process is mostly woken by one message: take that at once, and look at the row only if it is not so.
        if (this.#idleSince !== null && this.#leave === null && this.#sandbox.state === 'live')
          await this.#beginTurn(this.#row.requested + 1);
        return false;
      case 'release':
        return releaseSession(ctx, owned, this.#row.requested, this.#hasWorkLeft());
      case 'purge':
        await purgeSession(ctx, owned);
        await this.#options.removeDirectory(owned.sessionId);
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
      turnDriven: this.#turns.open !== null,
      turnDeadline: this.#turns.open && this.#turns.open.startedAt.getTime() + this.#options.bounds.turnMs,
      interrupted: this.#turns.interruptedBy !== null,
      drainingSince: this.#drainingSince,
      leave: this.#leave,
    };
  }

  #hasWorkLeft(): boolean {
    if (this.#row.intent !== 'active' || this.#row.sandboxPhase === 'failed') return false;
    return hasOpenTurn(this.#row) || this.#row.messageWaits || this.#row.operation !== null;
  }

  async #act(action: Exclude<Action, { do: 'wait' | 'release' | 'purge' }>): Promise<void> {
    const { ctx, owned } = this.#options;
    switch (action.do) {
      case 'start':
        return this.#start();
      case 'begin_turn':
        await this.#beginTurn(this.#row.requested);
        return;
      case 'resume_turn': {
        const interrupted = this.#sandbox.interrupted;
        if (interrupted) this.#turns.drive(this.#sandbox.session, interrupted.turn, 'resume');
        else await this.#sandbox.lose('process_exited', 'the process does not know its open turn');
        return;
      }
      case 'interrupt':
        return this.#interrupt(action.reason);
      case 'settle_interrupt':
        return takeInterrupts(ctx, owned, null);
      case 'log_notices':
        return logNotices(ctx, owned);
      case 'abandon_turn':
        await takeInterrupts(ctx, owned, null);
        return this.#turns.abandon(interruptedEnding(this.#turns.interruptedBy ?? action.reason, null));
      case 'drain':
        this.#drainingSince = ctx.now().getTime();
        return this.#move('draining', this.#leave ?? 'stop_requested');
      case 'close':
        return this.#close(action.reason);
      case 'recover':
        return this.#recover(action.reason);
      case 'fail':
        return this.#fail();
      case 'settle':
        return this.#settle(action.phase, action.reason);
      case 'operation_done':
        this.#drainingSince = null;
        await transition(
          ctx,
          owned,
          this.#row,
          { sandboxPhase: 'ready', operationDone: 'start' },
          { reason: 'start_requested' },
        );
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
    this.#idleSince = null;
    // The message came before the sleep did; only the end of the node is stronger than work.
    if (this.#leave !== 'node_drained') this.#leave = null;
    this.#row.turnStatus = 'running';
    this.#turns.drive(this.#sandbox.session, turn, 'new');
    // The row cannot have changed in a way that matters: whoever asks for something wakes us.
    await this.#mailbox.sleep(bounds.turnMs);
  }

  async #start(): Promise<void> {
    const { ctx, owned } = this.#options;
    // Whoever asked for the start has said so in the log already.
    if (this.#row.sandboxPhase === 'starting') await clearOperation(ctx, owned, this.#row.operation);
    else {
      const operationDone = this.#row.operation;
      const reason = startReason(this.#row);
      await transition(ctx, owned, this.#row, { sandboxPhase: 'starting', pid: null, operationDone }, { reason });
    }
    this.#drainingSince = null;
    const interrupted = hasOpenTurn(this.#row) ? await this.#turns.reopen() : null;
    this.#sandbox.start(this.#row, interrupted);
  }

  async #onReady(): Promise<void> {
    const turnStatus = hasOpenTurn(this.#row) ? 'running' : this.#row.turnStatus;
    await transition(
      this.#options.ctx,
      this.#options.owned,
      this.#row,
      { sandboxPhase: 'ready', turnStatus },
      { reason: 'probe_answered' },
      turnStatus === 'running' ? [draftEvent('session.status_running')] : [],
    );
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
    this.#turns.detach();
    await this.#sandbox.close();
    this.#drainingSince = null;
    await this.#settle('none', reason);
  }

  /** Says in the row that no process runs. That is what a wish for sleep wanted. */
  async #settle(sandboxPhase: SandboxPhase, reason: StatusReason): Promise<void> {
    const { ctx, owned } = this.#options;
    const operationDone = this.#row.operation === 'hibernate' ? 'hibernate' : null;
    await transition(ctx, owned, this.#row, { sandboxPhase, pid: null, operationDone }, { reason });
  }

  /** The model failed in the middle of its answer: a new process goes on from the transcript. */
  async #retryTurn(failures: number, error: TurnError): Promise<void> {
    const { ctx, owned, bounds } = this.#options;
    await this.#sandbox.close();
    const delay = recoveryDelay(failures - 1, bounds.recoveryBackoffMs, Math.random());
    await transition(
      ctx,
      owned,
      this.#row,
      {
        sandboxPhase: 'recovering',
        turnStatus: 'rescheduling',
        pid: null,
        retryAt: new Date(ctx.now().getTime() + delay),
      },
      { reason: 'turn_retry', detail: error.message, nextAction: nextStart(delay) },
    );
  }

  async #recover(reason: StatusReason): Promise<void> {
    const { ctx, owned, bounds } = this.#options;
    const detail = this.#sandbox.lostDetail;
    this.#turns.detach();
    await this.#sandbox.kill();
    // A session is not to blame for the loss of its node.
    const blame = reason === 'node_lost' ? 0 : 1;
    const delay = blame * recoveryDelay(this.#row.failedStarts, bounds.recoveryBackoffMs, Math.random());
    const open = hasOpenTurn(this.#row);
    await transition(
      ctx,
      owned,
      this.#row,
      {
        sandboxPhase: 'recovering',
        turnStatus: open ? 'rescheduling' : 'idle',
        pid: null,
        restarts: this.#row.restarts + 1,
        failedStarts: this.#row.failedStarts + blame,
        retryAt: new Date(ctx.now().getTime() + delay),
      },
      { reason, detail, nextAction: nextStart(delay) },
      open ? [draftEvent('session.status_rescheduled')] : [],
    );
  }

  async #fail(): Promise<void> {
    const { ctx, owned } = this.#options;
    const detail = this.#sandbox.lostDetail;
    this.#turns.detach();
    await this.#sandbox.kill();
    if (hasOpenTurn(this.#row)) {
      await this.#turns.abandon(
        failedEnding({ type: 'unknown_error', message: `The agent could not be kept running: ${detail}` }),
      );
    }
    await transition(
      ctx,
      owned,
      this.#row,
      { sandboxPhase: 'failed', pid: null, retryAt: null },
      { reason: 'attempts_used_up', detail, nextAction: 'start it again when the cause is mended' },
    );
  }
}

function nextStart(delayMs: number): string {
  return delayMs === 0 ? 'start again now' : `start again in ${Math.ceil(delayMs / 1000)} s`;
}

function startReason({ operation, sandboxPhase }: SessionRow): StatusReason {
  if (operation === 'restart') return 'restart_requested';
  if (operation === 'start') return 'start_requested';
  return sandboxPhase === 'recovering' ? 'recovery_started' : 'message_received';
}
