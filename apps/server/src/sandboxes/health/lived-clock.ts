/**
 * Time in which this process itself ran. While it was stopped, swapped out or its machine slept, nobody could read what
 * its agents answered: such a gap counts as one step.
 */
export class LivedClock {
  readonly #read: () => number;
  readonly #stepMaxMs: number;
  #at: number;
  #lived = 0;

  /** `read`: milliseconds that only grow. */
  constructor(read: () => number, stepMaxMs: number) {
    this.#read = read;
    this.#stepMaxMs = stepMaxMs;
    this.#at = read();
  }

  /** Milliseconds lived until the last step. */
  get now(): number {
    return this.#lived;
  }

  /** Goes on to the present; called at short intervals. @returns the milliseconds that do not count. */
  step(): number {
    const at = this.#read();
    const passed = at - this.#at;
    this.#at = at;
    const lived = Math.min(passed, this.#stepMaxMs);
    this.#lived += lived;
    return passed - lived;
  }

  /** Goes on to the present; nothing of the way counts. */
  skip(): void {
    this.#at = this.#read();
  }
}
