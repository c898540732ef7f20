import { ArrivalRate } from './arrival-rate.ts';
import type { KindDemand } from './plan-sizes.ts';
import type { Spare } from './spare.ts';

// Until one was measured.
const MAKE_SECONDS = 2;
const SMOOTHING = 0.3;
const UNWANTED_AFTER_MS = 30_000;
const BACKOFF_MS = 1_000;
const BACKOFF_MAX_MS = 60_000;

/** What the pool has and knows of one kind of spare. */
export class KindState<K extends { key: string }, S extends Spare> {
  readonly kind: K;
  readonly arrivals: ArrivalRate;
  /** The oldest first: it is the surest to have settled. */
  readonly ready: S[] = [];
  starting = 0;
  /** When there were not too many of it, last. */
  wantedAt: number;
  #makeSeconds = MAKE_SECONDS;
  #failures = 0;
  #retryAt = 0;

  constructor(kind: K, now: number) {
    this.kind = kind;
    this.arrivals = new ArrivalRate(now);
    this.wantedAt = now;
  }

  get size(): number {
    return this.ready.length + this.starting;
  }

  demand(now: number): KindDemand {
    return { key: this.kind.key, rate: this.arrivals.perSecond(now), makeSeconds: this.#makeSeconds };
  }

  isLongUnwanted(now: number): boolean {
    return now - this.wantedAt >= UNWANTED_AFTER_MS;
  }

  mayStart(now: number): boolean {
    return now >= this.#retryAt;
  }

  /** @param took milliseconds */
  made(took: number): void {
    this.#makeSeconds += SMOOTHING * (took / 1000 - this.#makeSeconds);
  }

  /** One could not be started, or has died. @returns how long the next one is put off, in milliseconds. */
  failed(now: number): number {
    const pauseMs = this.#failures === 0 ? 0 : Math.min(BACKOFF_MS * 2 ** (this.#failures - 1), BACKOFF_MAX_MS);
    this.#failures++;
    this.#retryAt = now + pauseMs;
    return pauseMs;
  }

  /** A spare of this kind has proved itself: failures before it count no more. */
  settled(): void {
    this.#failures = 0;
  }

  /** @returns false when it is not here any more. */
  remove(spare: S): boolean {
    const index = this.ready.indexOf(spare);
    if (index >= 0) this.ready.splice(index, 1);
    return index >= 0;
  }

  takeAll(): S[] {
    return this.ready.splice(0);
  }
}
