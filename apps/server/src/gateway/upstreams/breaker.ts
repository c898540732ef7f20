import type { BreakerState } from '@aaas/contract/upstreams';

/** What a request that was let through must say of itself, once. */
export interface Permit {
  succeeded(): void;
  failed(): void;
  /** Nobody will know: its client left. */
  abandoned(): void;
}

export interface BreakerBounds {
  /** Failures in a row that open it. */
  failures(): number;
  /** How long it stays open before one request may try again. */
  openMs(): number;
}

/**
 * Leaves an upstream alone that fails again and again. While it is half-open one request tries whether the upstream is
 * back; the others are refused rather than kept waiting, for there may be another upstream. What a single tenant's
 * requests meet does not open it while those of another succeed: nobody can take an upstream away from the others with
 * requests that make it fail.
 */
export class Breaker {
  readonly #bounds: BreakerBounds;
  readonly #now: () => number;
  #state: BreakerState = 'closed';
  #failures = 0;
  /** Whose the failures in a row are; null: of more than one. */
  #failing: string | null = null;
  #lastSuccess: { workspaceId: string; at: number } | null = null;
  #openUntil = 0;

  constructor(bounds: BreakerBounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until a request may try again; 0: one may now, null: one is trying. */
  get waitMs(): number | null {
    if (this.#state === 'half-open') return null;
    return this.#state === 'closed' ? 0 : Math.max(0, this.#openUntil - this.#now());
  }

  /** A permit for one attempt, or null: the upstream is left alone. */
  admit(workspaceId: string): Permit | null {
    if (this.waitMs !== 0) return null;
    const trial = this.#state === 'open';
    if (trial) this.#state = 'half-open';
    let told = false;
    const once = (tell: () => void) => () => {
      if (!told) tell();
      told = true;
    };
    return {
      succeeded: once(() => this.#onSuccess(workspaceId, trial)),
      failed: once(() => this.#onFailure(workspaceId, trial)),
      abandoned: once(() => {
        if (trial) this.#state = 'open';
      }),
    };
  }

  #onSuccess(workspaceId: string, trial: boolean): void {
    this.#lastSuccess = { workspaceId, at: this.#now() };
    // An answer to what was sent before it opened does not close it.
    if (this.#state !== 'closed' && !trial) return;
    this.#state = 'closed';
    this.#failures = 0;
  }

  #onFailure(workspaceId: string, trial: boolean): void {
    if (trial) this.#open();
    if (trial || this.#state !== 'closed') return;
    this.#failing = this.#failures === 0 || this.#failing === workspaceId ? workspaceId : null;
    this.#failures++;
    if (this.#failures >= this.#bounds.failures() && !this.#onlyOneFails()) this.#open();
  }

  #onlyOneFails(): boolean {
    const success = this.#lastSuccess;
    if (this.#failing === null || success === null || success.workspaceId === this.#failing) return false;
    return this.#now() - success.at < this.#bounds.openMs();
  }

  #open(): void {
    this.#state = 'open';
    this.#failures = 0;
    this.#openUntil = this.#now() + this.#bounds.openMs();
  }
}
