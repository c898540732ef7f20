import { LRUCache } from 'lru-cache';

const HELD_MAX = 50_000;

/** A count as this process last saw it. */
export interface HeldCount {
  name: string;
  used: number;
  /** Milliseconds since 1970 at which its window ends. */
  endsAt: number;
}

/**
 * What this process knows of counts that stand in a store that may go away: as much as the last answer said, which
 * is what all processes had counted until then. Of too many subjects it forgets those that came longest ago.
 */
export class HeldCounts {
  readonly #counts = new LRUCache<string, { used: number; endsAt: number }>({ max: HELD_MAX });

  note(name: string, used: number, resetMs: number): void {
    const endsAt = Date.now() + resetMs;
    const held = this.#counts.get(name);
    // Answers may come in another order than they were given.
    const same = held && held.endsAt > Date.now() && Math.abs(held.endsAt - endsAt) < SAME_WINDOW_MS;
    this.#counts.set(name, { used: same ? Math.max(held.used, used) : used, endsAt });
  }

  giveBack(name: string): void {
    const held = this.#counts.get(name);
    if (held) held.used = Math.max(held.used - 1, 0);
  }

  /** Those whose window is open, in the order of their names: two processes that write them cannot wait for each other. */
  open(): HeldCount[] {
    const now = Date.now();
    const open: HeldCount[] = [];
    for (const [name, { used, endsAt }] of this.#counts.entries())
      if (endsAt > now && used > 0) open.push({ name, used, endsAt });
    return open.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

const SAME_WINDOW_MS = 5_000;
