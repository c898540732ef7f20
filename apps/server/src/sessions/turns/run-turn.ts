import type { StatusReason } from '@aaas/contract/lifecycle';
import { findModelFault } from '../../gateway/ledger/model-fault.ts';
import type { HarnessSession, InterruptedTurn, TurnOutcome, TurnSink } from '../../harness/harness.ts';
import { isPermanent, sqlStateOf } from '../../postgres/permanent-error.ts';
import { TurnAsks } from '../approvals/turn-asks.ts';
import { findUnusedAsks } from '../approvals/unused-asks.ts';
import { unusedResult } from '../approvals/unused-result.ts';
import type { SessionRow } from '../lifecycle/load-session.ts';
import { transition } from '../lifecycle/transition.ts';
import { appendEvents, type Uncommitted } from '../log/append.ts';
import { appendPatiently } from '../log/append-patiently.ts';
import type { EventDraft } from '../log/draft-event.ts';
import { loadTranscript } from '../log/load-transcript.ts';
import { answeredCall } from '../log/tool-events.ts';
import type { OwnedSession, SessionContext } from '../session-context.ts';
import { type OpenTurn, reopenTurn } from './begin-turn.ts';
import { findBudgetStop } from './budget-stop.ts';
import { endTurn, type TurnEnding } from './end-turn.ts';
import { interruptedEnding, judgeTurn, retryEvents, type TurnError, unstorableEnding } from './judge-turn.ts';
import { findCalls, findUnknownTools, unknownResults } from './turn-calls.ts';

const NOTHING: Uncommitted = { events: [], transcript: [] };

export interface TurnDriverOptions {
  ctx: SessionContext;
  owned: OwnedSession;
  /** Runs a job in the owner's loop. */
  post(job: () => Promise<void>): void;
  /** The row as the owner last read it. */
  row(): SessionRow;
  /** The model failed `failures` times in this turn and is to be asked again, in a new process. */
  onRetry(failures: number, error: TurnError): Promise<void>;
  /** No provider has answered, for the `failures`th time in this turn: it is to wait. */
  onOutage(failures: number, error: TurnError): Promise<void>;
  /** How long a turn may wait for a provider, in milliseconds, at the moment of asking. */
  outageMs(): number;
  /** How long an ask of the turn stays open, in milliseconds. */
  approvalMs(): number;
  /** What the process knows could not be stored, and its turn has failed: it must not go on. */
  onUnstorable(why: string): Promise<void>;
}

/** Drives the turns of one session, one at a time, from their message to the row that says how they ended. */
export class TurnDriver {
  /** The turn that is being driven. */
  open: OpenTurn | null = null;
  /** Why the owner has interrupted it. */
  interruptedBy: StatusReason | null = null;
  /** Resolves when the harness has let go of the turn. */
  settled: Promise<void> = Promise.resolve();
  readonly sink: TurnSink;
  readonly asks: TurnAsks;
  readonly #options: TurnDriverOptions;
  #turnId: string | null = null;
  #modelFailures = 0;
  /** Since when no provider answers this turn, and how often it was asked. */
  #outage: { since: number; failures: number } | null = null;
  /** What the database would not take of this turn. */
  #unstorable: unknown = null;

  constructor(options: TurnDriverOptions) {
    this.#options = options;
    const { ctx, owned, row, approvalMs } = options;
    this.asks = new TurnAsks({
      ctx,
      owned,
      row,
      turnId: () => this.#turnId,
      expiryMs: approvalMs,
      wake: () => options.post(async () => {}),
    });
    this.sink = {
      asks: this.asks,
      commit: (batch) => this.#commit(batch),
      delta: (delta) => {
        if (this.#turnId) ctx.streams.publishDelta(owned.sessionId, this.#turnId, delta);
      },
      loadTranscript: (subpath) => loadTranscript(ctx.pool, owned.sessionId, subpath),
    };
  }

  /** The turn that events belong to, also between two processes. */
  get turnId(): string | null {
    return this.#turnId;
  }

  /** Hands a turn to the harness. Its outcome comes back through the owner's loop. */
  drive(session: HarnessSession, turn: OpenTurn, how: 'new' | 'resume'): void {
    if (how === 'new') {
      this.#modelFailures = 0;
      this.#outage = null;
      this.asks.asked = false;
    }
    this.open = turn;
    this.interruptedBy = null;
    this.#unstorable = null;
    this.#turnId = turn.id;
    const outcome = session.runTurn(turn, how);
    this.settled = outcome.then(
      (result) => this.#options.post(() => this.#finishOrFail(turn, result)),
      () => this.#options.post(() => this.#lose(turn)),
    );
  }

  /** Takes over a turn that lost its process: its unanswered tool calls get a result that says so. */
  async reopen(cause: string | null = null): Promise<InterruptedTurn | null> {
    const { ctx, owned } = this.#options;
    const turn = await reopenTurn(ctx, owned);
    if (!turn) {
      await transition(ctx, owned, this.#options.row(), { turnStatus: 'idle' }, { reason: 'turn_ended' });
      return null;
    }
    this.#turnId = turn.id;
    const calls = await findCalls(ctx, owned, turn);
    const unanswered = calls.filter((call) => call.result === null);
    // What was never allowed to run, or allowed and not begun, has not run.
    const asks = await findUnusedAsks(ctx, turn.id, unanswered);
    if (asks.length > 0) this.asks.asked = true;
    const unknown = unanswered.filter((call) => !asks.some((ask) => ask.eventId === call.eventId));
    if (unknown.length > 0) {
      await appendEvents(ctx, owned, { turnId: turn.id, events: unknownResults(unknown) });
    }
    // Those of earlier attempts too: one that was lost before its transcript was stored has told nobody.
    const begun = calls.filter((call) => unknown.includes(call) || call.result?.mayHaveRun);
    const tools = begun.map(({ ref, name, input, result }) => ({ ref, name, input, outcome: result?.outcome ?? null }));
    return { turn, tools, asks, cause };
  }

  /** Lets go of the turn: it stays open, for another process. */
  detach(): void {
    this.asks.reset();
    this.open = null;
    this.interruptedBy = null;
  }

  /** Ends an open turn that nobody will drive any more. */
  async abandon(ending: TurnEnding): Promise<void> {
    const interrupted = await this.reopen();
    if (interrupted) await this.#end(interrupted.turn, ending, NOTHING);
  }

  async #commit(batch: Uncommitted): Promise<void> {
    const { ctx, owned } = this.#options;
    try {
      await appendPatiently(ctx, owned, { turnId: this.#turnId, ...batch });
      this.asks.note(batch);
    } catch (error) {
      if (isPermanent(error)) this.#unstorable = error;
      throw error;
    }
  }

  async #finishOrFail(turn: OpenTurn, outcome: TurnOutcome): Promise<void> {
    try {
      await this.#finish(turn, outcome);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      await this.#endUnstorable(turn, error);
    }
  }

  /** Trying again would fail again, for ever: the turn ends without what cannot be stored of it. */
  async #endUnstorable(turn: OpenTurn, error: unknown): Promise<void> {
    const { ctx, owned } = this.#options;
    ctx.log.error({ err: error, session_id: owned.sessionId, turn_id: turn.id }, 'failed to store a turn for good');
    await this.#end(turn, unstorableEnding(sqlStateOf(error)), NOTHING);
    await this.#options.onUnstorable('what its last turn produced could not be stored');
  }

  async #finish(turn: OpenTurn, outcome: TurnOutcome): Promise<void> {
    if (this.open !== turn) return;
    const { ctx, owned } = this.#options;
    const overBudget = outcome.kind === 'failed' ? await findBudgetStop(ctx.pool, owned.sessionId, turn.id) : null;
    if (outcome.kind === 'failed' && overBudget) Object.assign(outcome, { error: overBudget, retryable: false });
    if (outcome.kind === 'failed' && outcome.retryable) {
      const fault = await findModelFault(ctx.pool, turn.id, outcome.error.message);
      // Before the first byte the gateway alone retries; what it cannot mend is waited for.
      outcome.retryable = fault === 'broke_off';
      if (fault === 'outage' && this.#mayWait()) return this.#postpone(turn, outcome.left, outcome.error);
    }
    const verdict = judgeTurn(outcome, this.#modelFailures, this.interruptedBy);
    if (verdict.do === 'end') {
      await this.#end(turn, verdict.ending, verdict.left);
      return;
    }
    await this.#letGo(turn, verdict.left, verdict.error);
    await this.#options.onRetry(++this.#modelFailures, verdict.error);
  }

  #mayWait(): boolean {
    const now = this.#options.ctx.now().getTime();
    this.#outage ??= { since: now, failures: 0 };
    return this.interruptedBy === null && now - this.#outage.since < this.#options.outageMs();
  }

  /** No provider answers: the turn stays open and is tried again later. */
  async #postpone(turn: OpenTurn, left: Uncommitted, error: TurnError): Promise<void> {
    await this.#letGo(turn, left, error);
    const outage = this.#outage ?? { since: 0, failures: 0 };
    await this.#options.onOutage(++outage.failures, error);
  }

  /** Keeps what the failed attempt has left, for the next one. */
  async #letGo(turn: OpenTurn, { events, transcript }: Uncommitted, error: TurnError): Promise<void> {
    const { ctx, owned } = this.#options;
    await appendEvents(ctx, owned, { turnId: turn.id, events: [...events, ...retryEvents(error)], transcript });
    this.detach();
  }

  /** The process died under the turn. It goes on in the next one, unless somebody wanted it to end. */
  async #lose(turn: OpenTurn): Promise<void> {
    if (this.open !== turn) return;
    if (this.#unstorable) await this.#endUnstorable(turn, this.#unstorable);
    else if (this.interruptedBy) await this.#end(turn, interruptedEnding(this.interruptedBy, null), NOTHING);
    else this.detach();
  }

  async #end(turn: OpenTurn, ending: TurnEnding, left: Uncommitted): Promise<void> {
    const { ctx, owned } = this.#options;
    const unknown = await this.#unanswered(turn, ending, left.events);
    const { transcript } = left;
    await endTurn(ctx, owned, this.#options.row(), turn, ending, { events: [...left.events, ...unknown], transcript });
    this.detach();
    this.#turnId = null;
  }

  /** Results for calls that got none, neither in the log nor in what is left. */
  async #unanswered(turn: OpenTurn, ending: TurnEnding, left: EventDraft[]): Promise<EventDraft[]> {
    const { ctx, owned } = this.#options;
    // A harness that comes to the end of a turn has answered all it called, but for what it was to call again.
    if (ending.state === 'completed' && !this.asks.asked) return [];
    const answered = new Set(left.map((event) => answeredCall(event.type, event.body)));
    const tools = (await findUnknownTools(ctx, owned, turn)).filter((tool) => !answered.has(tool.eventId));
    const asks = await findUnusedAsks(ctx, turn.id, tools);
    return tools.flatMap((tool) => {
      const ask = asks.find(({ eventId }) => eventId === tool.eventId);
      return ask ? unusedResult(ask) : unknownResults([tool]);
    });
  }
}
