import { type LeaseTerm, remainingMs } from './lease-term.ts';
import type { LifeHold } from './life-hold.ts';
import { FROZEN, THAWED } from './lifeline-protocol.ts';

/** Looks this often at the clocks: one of them may jump. While frozen, also for processes that were born since. */
const LOOK_MS = 250;

/** Freezes the sandboxes of a life when the term of its lease is over, and lets them go on when there is a new one. */
export class LeaseGuard {
  readonly #say: (line: string) => void;
  #hold: LifeHold;
  /** Null until the first: nothing is frozen before. */
  #term: LeaseTerm | null = null;
  #frozen = false;
  #timer: NodeJS.Timeout | null = null;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(hold: LifeHold, say: (line: string) => void) {
    this.#hold = hold;
    this.#say = say;
  }

  /** Sandboxes may run until then. */
  allow(term: LeaseTerm): void {
    this.#term = term;
    this.#soon(0);
  }

  adopt(): void {
    this.#frozen = true;
    this.#do(() => this.#hold.adopt());
    this.#soon(0);
  }

  /** The sandboxes of another life, of which none is frozen. */
  follow(hold: LifeHold): void {
    this.#do(async () => {
      this.#hold = hold;
      this.#frozen = false;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#work;
  }

  #soon(ms: number): void {
    if (this.#closed) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#do(() => this.#look()), ms);
  }

  #do(job: () => Promise<void>): void {
    // A scan that fails is made again at the next look.
    this.#work = this.#work.then(job).catch(() => {});
  }

  async #look(): Promise<void> {
    if (this.#term === null) return;
    const left = remainingMs(this.#term);
    this.#soon(left > 0 ? Math.min(left, LOOK_MS) : LOOK_MS);
    if (left <= 0) {
      await this.#hold.freeze();
      if (!this.#frozen) this.#say(FROZEN);
      this.#frozen = true;
    } else if (this.#frozen) {
      await this.#hold.thaw();
      this.#frozen = false;
      this.#say(THAWED);
    }
  }
}
