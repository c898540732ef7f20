import { LIMITS } from '../limits.ts';

/**
 * How often each fault of each conversation has happened: the only state of the simulator, in memory and bounded.
 * Forgetting a counter makes a fault happen once more, nothing worse.
 */
export class FaultCounters {
  readonly #counts = new Map<string, number>();

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): void {
    const count = this.count(key);
    this.#counts.delete(key);
    this.#counts.set(key, count + 1);
    if (this.#counts.size > LIMITS.faultCounters) this.forget(this.#counts.keys().next().value as string);
  }

  forget(key: string): void {
    this.#counts.delete(key);
  }
}
