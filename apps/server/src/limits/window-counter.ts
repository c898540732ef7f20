import { LRUCache } from 'lru-cache';

const SUBJECTS_MAX = 10_000;

interface Window {
  count: number;
  endsAt: number;
}

/** Counts what happens in a minute, for each subject, in this process alone; of too many subjects it forgets the oldest. */
export class WindowCounter {
  readonly #windows = new LRUCache<string, Window>({ max: SUBJECTS_MAX });
  readonly #lengthMs: number;
  readonly #now: () => number;

  constructor(lengthMs: number, now: () => number = Date.now) {
    this.#lengthMs = lengthMs;
    this.#now = now;
  }

  /** Counts one more. @returns how many it is in this window. */
  add(subject: string): number {
    const open = this.#open(subject) ?? { count: 0, endsAt: this.#now() + this.#lengthMs };
    open.count += 1;
    this.#windows.set(subject, open);
    return open.count;
  }

  count(subject: string): number {
    return this.#open(subject)?.count ?? 0;
  }

  /** Milliseconds until the window of a subject ends; 0 when none is open. */
  resetMs(subject: string): number {
    const open = this.#open(subject);
    return open ? open.endsAt - this.#now() : 0;
  }

  #open(subject: string): Window | undefined {
    const window = this.#windows.get(subject);
    return window && window.endsAt > this.#now() ? window : undefined;
  }
}
