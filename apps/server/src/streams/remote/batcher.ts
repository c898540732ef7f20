import type { NumberedSignal } from './signal-batch.ts';

/** The first signal goes at once, those that follow wait so long for each other. */
const BATCH_MS = 20;

/** Gathers signals of sessions, so that a burst costs a few messages. */
export class Batcher {
  readonly #flushed: (batches: Map<string, NumberedSignal[]>) => void;
  #pending = new Map<string, NumberedSignal[]>();
  #lastAt = Number.NEGATIVE_INFINITY;
  /** When what waits is flushed; null: nothing waits. */
  #due: number | null = null;
  #closed = false;

  constructor(flushed: (batches: Map<string, NumberedSignal[]>) => void) {
    this.#flushed = flushed;
  }

  add(sessionId: string, ...signals: NumberedSignal[]): void {
    const waiting = this.#pending.get(sessionId);
    if (waiting) waiting.push(...signals);
    else this.#pending.set(sessionId, signals);
    // Somebody waits for the end of a turn, not for the next piece of it.
    const urgent = signals.some(({ signal }) => signal.kind === 'turn_ended');
    const wait = urgent ? 0 : this.#lastAt + BATCH_MS - performance.now();
    if (this.#due !== null && !(urgent && this.#due > performance.now())) return;
    this.#due = performance.now() + Math.max(wait, 0);
    if (wait > 0) setTimeout(() => this.#flush(), wait);
    else setImmediate(() => this.#flush());
  }

  /** What waits is dropped. */
  close(): void {
    this.#pending.clear();
    this.#closed = true;
  }

  #flush(): void {
    // What was waited for may have gone with something urgent.
    if (this.#closed || this.#pending.size === 0) return;
    this.#due = null;
    this.#lastAt = performance.now();
    const batches = this.#pending;
    this.#pending = new Map();
    this.#flushed(batches);
  }
}
