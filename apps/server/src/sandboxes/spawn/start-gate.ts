/**
 * Who waits for a start, the first before the others: a message, somebody who asked for it, a process that only comes
 * back, a spare.
 */
const URGENCIES = ['message', 'start', 'recovery', 'spare'] as const;
export type Urgency = (typeof URGENCIES)[number];

/** What a start waits for: for others to be done, or for memory. */
export type StartDelay = 'concurrency' | 'memory';

export interface StartGateOptions {
  /** Starts at once, at most, at the moment of asking. */
  limit(): number;
  /** Whether there is memory for one more beside `starting` that have not taken theirs yet. */
  hasMemory(starting: number): boolean;
  onAdmitted(waitedSeconds: number): void;
  /** A start could not go on at once. */
  onDelayed(urgency: Urgency, why: StartDelay): void;
}

interface Waiting {
  urgency(): Urgency;
  since: number;
  told: StartDelay | null;
  onWait(why: StartDelay): void;
  admit(): void;
}

// Memory comes back, and settings change, without anybody saying so.
const LOOK_AGAIN_MS = 250;
/** A short wait for others is not worth a word. */
const TELL_AFTER_MS = 1_000;

/**
 * All starts of agent processes on this node pass here: so many at once, none while memory is short; one that a message
 * waits for before others, else the one that came first. Recoveries take half of the places at most, so that agents
 * which crash again and again never keep the others from starting.
 */
export class StartGate {
  readonly #options: StartGateOptions;
  readonly #waiting = new Set<Waiting>();
  #running = 0;
  #recovering = 0;
  #look: NodeJS.Timeout | null = null;
  #delay: StartDelay | null = null;

  constructor(options: StartGateOptions) {
    this.#options = options;
  }

  /** Starts under way. */
  get running(): number {
    return this.#running;
  }

  /** Starts that wait, and for what. */
  get queue(): { waiting: number; for: StartDelay | null } {
    return { waiting: this.#waiting.size, for: this.#waiting.size === 0 ? null : this.#delay };
  }

  /**
   * Waits to be let in. @returns the function that says the start is over, however it went.
   * @throws the reason of the signal, when it is aborted first
   */
  enter(start: {
    urgency(): Urgency;
    signal: AbortSignal;
    /** It has to wait; said once for each reason. */
    onWait(why: StartDelay): void;
  }): Promise<() => void> {
    const { signal } = start;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = () => {
        this.#waiting.delete(waiting);
        this.#rest();
        reject(signal.reason);
      };
      const waiting: Waiting = {
        urgency: start.urgency,
        onWait: start.onWait,
        since: performance.now(),
        told: null,
        admit: () => {
          signal.removeEventListener('abort', stop);
          resolve(this.#begin(waiting.urgency() === 'recovery'));
        },
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.add(waiting);
      this.#admit();
      if (this.#waiting.has(waiting)) this.#options.onDelayed(start.urgency(), this.#delay ?? 'concurrency');
    });
  }

  #begin(recovery: boolean): () => void {
    this.#running++;
    if (recovery) this.#recovering++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#running--;
      if (recovery) this.#recovering--;
      this.#admit();
    };
  }

  #admit(): void {
    this.#delay = null;
    for (let next = this.#next(); next; next = this.#next()) {
      this.#delay = this.#whyNot();
      if (this.#delay) break;
      this.#waiting.delete(next);
      next.admit();
      this.#options.onAdmitted((performance.now() - next.since) / 1_000);
    }
    // What is left then waits for others of its kind.
    if (this.#waiting.size > 0) this.#delay ??= 'concurrency';
    this.#rest();
    for (const waiting of this.#waiting) this.#tell(waiting);
  }

  #whyNot(): StartDelay | null {
    if (this.#running >= this.#options.limit()) return 'concurrency';
    return this.#options.hasMemory(this.#running) ? null : 'memory';
  }

  #next(): Waiting | undefined {
    let best: Waiting | undefined;
    let rank: number = URGENCIES.length;
    const mayRecover = this.#recovering < Math.max(1, Math.floor(this.#options.limit() / 2));
    // In the order in which they came.
    for (const waiting of this.#waiting) {
      const own = URGENCIES.indexOf(waiting.urgency());
      if (own >= rank || (URGENCIES[own] === 'recovery' && !mayRecover)) continue;
      best = waiting;
      rank = own;
    }
    return best;
  }

  #tell(waiting: Waiting): void {
    if (this.#delay === null || waiting.told === this.#delay) return;
    if (this.#delay === 'concurrency' && performance.now() - waiting.since < TELL_AFTER_MS) return;
    waiting.told = this.#delay;
    waiting.onWait(this.#delay);
  }

  /** Looks again by itself for as long as somebody waits. */
  #rest(): void {
    if (this.#waiting.size === 0 && this.#look) {
      clearInterval(this.#look);
      this.#look = null;
    } else if (this.#waiting.size > 0) this.#look ??= setInterval(() => this.#admit(), LOOK_AGAIN_MS);
  }
}
