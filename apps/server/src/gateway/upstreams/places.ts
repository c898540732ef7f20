export interface PlaceBounds {
  /** Requests in progress at once. */
  places(): number;
  /** Percent of the places, and of the queue, that one workspace may hold. */
  workspaceShare(): number;
  queue(): number;
  queueMs(): number;
}

interface Waiting {
  workspaceId: string;
  grant(): void;
}

/**
 * The places for requests at one upstream. No workspace can hold all of them, nor the whole queue, and one that becomes
 * free goes to the workspace that holds the fewest.
 */
export class Places {
  readonly #bounds: PlaceBounds;
  readonly #held = new Map<string, number>();
  /** In order of arrival. */
  readonly #queue: Waiting[] = [];
  #inFlight = 0;

  constructor(bounds: PlaceBounds) {
    this.#bounds = bounds;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Takes a place; call what is returned to give it back. Null: there was none in time, or too many wait for one.
   * Rejects when the signal aborts.
   */
  async take(workspaceId: string, signal: AbortSignal): Promise<(() => void) | null> {
    signal.throwIfAborted();
    if (this.#mayTake(workspaceId)) return this.#hold(workspaceId);
    if (!this.#mayWait(workspaceId)) return null;
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        const at = this.#queue.indexOf(waiting);
        if (at >= 0) this.#queue.splice(at, 1);
      };
      const waiting: Waiting = {
        workspaceId,
        grant: () => {
          leave();
          resolve(this.#hold(workspaceId));
        },
      };
      const onAbort = () => {
        leave();
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        leave();
        resolve(null);
      }, this.#bounds.queueMs());
      signal.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(waiting);
    });
  }

  #hold(workspaceId: string): () => void {
    this.#inFlight++;
    this.#held.set(workspaceId, this.#heldBy(workspaceId) + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#inFlight--;
      const left = this.#heldBy(workspaceId) - 1;
      if (left > 0) this.#held.set(workspaceId, left);
      else this.#held.delete(workspaceId);
      this.#grantNext();
    };
  }

  #grantNext(): void {
    for (;;) {
      let next: Waiting | null = null;
      for (const waiting of this.#queue) {
        if (!this.#mayTake(waiting.workspaceId)) continue;
        if (next === null || this.#heldBy(waiting.workspaceId) < this.#heldBy(next.workspaceId)) next = waiting;
      }
      if (next === null) return;
      next.grant();
    }
  }

  #heldBy(workspaceId: string): number {
    return this.#held.get(workspaceId) ?? 0;
  }

  #mayTake(workspaceId: string): boolean {
    const places = this.#bounds.places();
    return this.#inFlight < places && this.#heldBy(workspaceId) < this.#shareOf(places);
  }

  #mayWait(workspaceId: string): boolean {
    const bound = this.#bounds.queue();
    if (this.#queue.length >= bound) return false;
    return this.#queue.filter((waiting) => waiting.workspaceId === workspaceId).length < this.#shareOf(bound);
  }

  /** Of more than one place one stays for the others, unless the share is the whole. */
  #shareOf(bound: number): number {
    const share = this.#bounds.workspaceShare();
    if (share >= 100 || bound <= 1) return bound;
    return Math.min(bound - 1, Math.max(1, Math.ceil((bound * share) / 100)));
  }
}
