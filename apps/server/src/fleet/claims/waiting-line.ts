/**
 * How many sessions wait for a place, as far as this process knows without asking: what was last counted, and those
 * that came here since. Whoever accepts a message looks at it first.
 */
export class WaitingLine {
  #counted = 0;
  #joined = 0;
  #countedAt = Number.NEGATIVE_INFINITY;

  get length(): number {
    return this.#counted + this.#joined;
  }

  /** Milliseconds since somebody counted. */
  get ageMs(): number {
    return performance.now() - this.#countedAt;
  }

  /** A session that has no owner here has got something to do. */
  join(): void {
    this.#joined++;
  }

  /** To be called before the count begins. @returns what takes the result; those that join meanwhile are added. */
  count(): (counted: number) => void {
    const before = this.#joined;
    return (counted) => {
      this.#counted = counted;
      this.#joined -= before;
      this.#countedAt = performance.now();
    };
  }
}
