const HALF_LIFE_MS = 300_000;

/** How often something happens, with what is long ago counting less: half after each five minutes. */
export class ArrivalRate {
  #weight = 0;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  add(now: number): void {
    this.#weight = this.#decayed(now) + 1;
    this.#at = now;
  }

  /** Arrivals a second. */
  perSecond(now: number): number {
    return (this.#decayed(now) * Math.LN2 * 1000) / HALF_LIFE_MS;
  }

  #decayed(now: number): number {
    return this.#weight * 0.5 ** ((now - this.#at) / HALF_LIFE_MS);
  }
}
