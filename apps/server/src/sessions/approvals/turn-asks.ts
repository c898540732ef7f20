import type { SessionRow } from '../lifecycle/load-session.ts';
import type { Uncommitted } from '../log/append.ts';
import { answeredCall, TOOL_USE_TYPES } from '../log/tool-events.ts';
import type { OwnedSession, SessionContext } from '../session-context.ts';
import { type Ask, type AskAnswer, type AskDesk, type AskedCall, answerTo } from './approval.ts';
import { openAsk } from './open-ask.ts';
import { spendGrant } from './spend-grant.ts';
import { withdrawAsk } from './withdraw-ask.ts';

// An entry is opaque but for the ids in it.
const CALL = /"id":"([^"]+)"/g;

export interface TurnAsksOptions {
  ctx: SessionContext;
  owned: OwnedSession;
  row(): SessionRow;
  turnId(): string | null;
  /** How long an ask stays open, in milliseconds; 0: nobody is asked. */
  expiryMs(): number;
  /** Has the owner look at the row again. */
  wake(): void;
}

/** The asks of the turn that a live process works on, and the calls that it has in progress beside them. */
export class TurnAsks implements AskDesk {
  /** Something of the open turn was asked about. */
  asked = false;
  readonly #options: TurnAsksOptions;
  readonly #waiting = new Map<string, PromiseWithResolvers<AskAnswer>>();
  readonly #running = new Set<string>();
  /** Calls in the transcript, by the id of the harness. */
  readonly #written = new Set<string>();
  /** Calls that are waited for and that the transcript does not hold yet, by the id of the harness. */
  readonly #unwritten = new Set<string>();

  constructor(options: TurnAsksOptions) {
    this.#options = options;
  }

  /**
   * The process must not be let go although it waits for a person: a tool runs beside, or what it asks is not in the
   * transcript yet, and the next process would not know of it.
   */
  get busy(): boolean {
    return this.#running.size > 0 || this.#unwritten.size > 0;
  }

  get staffed(): boolean {
    return !this.#options.row().ephemeral && this.#expiryMs() > 0;
  }

  async open(call: AskedCall): Promise<void> {
    const { ctx, owned, row, turnId, wake } = this.#options;
    const turn = turnId();
    if (turn === null) throw new Error('failed to open an ask: no turn is open');
    this.asked = true;
    this.#running.delete(call.eventId);
    this.#waiting.set(call.eventId, Promise.withResolvers());
    if (!this.#written.has(call.ref)) this.#unwritten.add(call.ref);
    await openAsk(ctx, owned, row(), turn, call, this.#expiryMs());
    wake();
  }

  async answered(eventId: string, signal: AbortSignal): Promise<AskAnswer> {
    const waiting = this.#waiting.get(eventId);
    if (!waiting) throw new Error(`failed to wait for approval ${eventId}: it is not open`);
    return new Promise((resolve, reject) => {
      const abort = () => reject(new Error('the call was given up'));
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      void waiting.promise.then((answer) => {
        signal.removeEventListener('abort', abort);
        resolve(answer);
      });
    });
  }

  async spend(eventId: string, ref: string): Promise<boolean> {
    const { ctx, owned } = this.#options;
    // Counted before it is written: between the two the process must not be let go.
    this.#running.add(eventId);
    const spent = await spendGrant(ctx, owned, eventId, ref).catch((error) => {
      this.#running.delete(eventId);
      throw error;
    });
    if (spent) this.#waiting.delete(eventId);
    else this.#running.delete(eventId);
    return spent;
  }

  withdraw(eventId: string): void {
    if (!this.#waiting.delete(eventId)) return;
    const { ctx, owned, wake } = this.#options;
    withdrawAsk(ctx, owned, eventId).then(wake, (error) =>
      ctx.log.error({ err: error, session_id: owned.sessionId }, 'failed to withdraw an approval'),
    );
  }

  /** Tells the process how its asks were answered. */
  settle(asks: Ask[]): void {
    for (const ask of asks) {
      const answer = answerTo(ask);
      if (answer) this.#waiting.get(ask.eventId)?.resolve(answer);
    }
  }

  /** Keeps account of what was committed: which calls have begun, which have their result. */
  note({ events, transcript }: Uncommitted): void {
    if (transcript.length > 0) this.#noteWritten(transcript.map(({ entry }) => entry));
    for (const { id, type, body } of events) {
      const answered = answeredCall(type, body);
      if (answered !== null) this.#running.delete(answered);
      else if (TOOL_USE_TYPES.includes(type) && !this.#waiting.has(id)) this.#running.add(id);
    }
  }

  /** The process is gone, or its turn has ended. What it waited for is never answered to it. */
  reset(): void {
    this.#waiting.clear();
    this.#running.clear();
    this.#unwritten.clear();
    this.#written.clear();
  }

  /** The transcript may hold a call before it is asked about, or after. */
  #noteWritten(entries: string[]): void {
    for (const entry of entries) for (const [, ref] of entry.matchAll(CALL)) this.#written.add(ref as string);
    const before = this.#unwritten.size;
    for (const ref of this.#unwritten) if (this.#written.has(ref)) this.#unwritten.delete(ref);
    if (this.#unwritten.size < before) this.#options.wake();
  }

  #expiryMs(): number {
    const { row, expiryMs } = this.#options;
    const own = row().definition.approval_timeout_seconds;
    return own === undefined || own === null ? expiryMs() : own * 1000;
  }
}
