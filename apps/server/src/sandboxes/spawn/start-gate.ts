/** Why a process is started: those that somebody waits for come before those that only come back. */
export type StartKind = 'wanted' | 'recovery';

interface Waiting {
  kind: StartKind;
  enter(): void;
}

export interface StartGateOptions {
  /** Starts at the same time, at the moment of asking. */
  limit(): number;
  onWait(kind: StartKind): void;
}

/**
 * Bounds how many processes start on a node at the same time. Recoveries take half of the places at most, so that agents
 * which crash again and again never keep the others from starting.
 */
export class StartGate {
  readonly #options: StartGateOptions;
  readonly #waiting: Waiting[] = [];
  readonly #running = { wanted: 0, recovery: 0 };

  constructor(options: StartGateOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.wanted + this.#running.recovery;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for a place, first come first served within its kind. @returns what gives it back, to be called once.
   * @throws when the signal aborts the wait.
   */
  async enter(kind: StartKind, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (!this.#admits(kind)) {
      this.#options.onWait(kind);
      await this.#wait(kind, signal);
    } else this.#running[kind]++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#running[kind]--;
      this.#admitWaiting();
    };
  }

  #wait(kind: StartKind, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = {
        kind,
        enter: () => {
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #admits(kind: StartKind): boolean {
    const limit = this.#options.limit();
    if (this.running >= limit) return false;
    return kind === 'wanted' || this.#running.recovery < Math.max(1, Math.floor(limit / 2));
  }

  #admitWaiting(): void {
    for (const kind of ['wanted', 'recovery'] as const) {
      while (this.#admits(kind)) {
        const index = this.#waiting.findIndex((waiting) => waiting.kind === kind);
        const next = index === -1 ? undefined : this.#waiting.splice(index, 1)[0];
        if (!next) break;
        this.#running[kind]++;
        next.enter();
      }
    }
  }
}
