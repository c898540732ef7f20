import { monotonicMs } from '../../sandboxes/reaper/lease-term.ts';

/** Of a lease: a break of the own heartbeats in which those of others may have become too old too. */
const BREAK_SHARE = 1 / 2;

/**
 * When the heartbeats of this node counted, and so what the silence of others means. While the database is away nobody's
 * heartbeat counts, and the first node that is back finds all others silent: for one lease after a break of its own, that
 * break counts against nobody.
 */
export class OwnBeats {
  readonly #ttlMs: number;
  readonly #now: () => number;
  #countedAt: number;
  #failed = false;
  /** The last heartbeat before the break, and until when the break is remembered. */
  #break: { from: number; until: number } | null = null;

  /** Made when the row of the node is written, which is its first heartbeat. */
  constructor(ttlMs: number, now: () => number = monotonicMs) {
    this.#ttlMs = ttlMs;
    this.#now = now;
    this.#countedAt = now();
  }

  counted(): void {
    const now = this.#now();
    if (this.#failed && this.#isBreak(now)) {
      // Others may not have come back between two breaks.
      const from = this.#break && now < this.#break.until ? this.#break.from : this.#countedAt;
      this.#break = { from, until: now + this.#ttlMs };
    }
    this.#failed = false;
    this.#countedAt = now;
  }

  failed(): void {
    this.#failed = true;
  }

  /** Milliseconds without a heartbeat after which another node counts as gone: a lease, and the break as long as it counts. */
  get goneAfterMs(): number {
    const now = this.#now();
    if (this.#break && now < this.#break.until) return this.#ttlMs + now - this.#break.from;
    return this.#isBreak(now) ? this.#ttlMs + now - this.#countedAt : this.#ttlMs;
  }

  #isBreak(now: number): boolean {
    return now - this.#countedAt > this.#ttlMs * BREAK_SHARE;
  }
}
