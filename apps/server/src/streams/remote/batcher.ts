import type { NumberedSignal } from './signal-batch.ts';

/** The first signal goes at once, those that follow wait so long for each other. */
const BATCH_MS = 20;

/** Gathers signals of sessions, so that a burst costs a few messages. */
export class Batcher {
  readonly #flushed: (batches: Map<string, NumberedSignal[]>) => void;
  #pending = new Map<string, NumberedSignal[]>();
  #lastAt = Number.NEGATIVE_INFINITY;
  #waiting = false;
  #closed = false;

  constructor(flushed: (batches: Map<string, NumberedSignal[]>) => void) {
    this.#flushed = flushed;
  }

  add(sessionId: string, ...signals: NumberedSignal[]): void {
    const waiting = this.#pending.get(sessionId);
    if (waiting) waiting.push(...signals);
    else this.#pending.set(sessionId, signals);
    if (this.#waiting) return;
    this.#waiting = true;
    const wait = this.#lastAt + BATCH_MS - performance.now();
    if (wait > 0) setTimeout(() => this.#flush(), wait);
    else setImmediate(() => this.#flush());
  }

  /** What waits is dropped. */
  close(): void {
    this.#pending.clear();
    this.#closed = true;
  }

  #flush(): void {
    if (this.#closed) return;
    this.#waiting = false;
    this.#lastAt = performance.now();
    const batches = this.#pending;
    this.#pending = new Map();
    this.#flushed(batches);
  }
}
