import { readFileSync } from 'node:fs';

// A kill and the exit that it caused are seen within this time.
const MEMORY_MS = 10_000;

/**
 * Knows of kills for want of memory what the kernel counts: it does not say whom. One that was counted a moment ago
 * explains one process that ended by SIGKILL and that nobody of ours has killed.
 */
export class OomWitness {
  readonly #path: string;
  readonly #now: () => number;
  #counted: number | null;
  /** When each kill that explains nothing yet was seen. */
  #kills: number[] = [];

  /** `path`: of the kernel's counters. `now`: milliseconds that only grow. */
  constructor(path = '/proc/vmstat', now = () => performance.now()) {
    this.#path = path;
    this.#now = now;
    this.#counted = this.#read();
  }

  /** Called at short intervals, so that a kill is known with its time. */
  look(): void {
    const counted = this.#read();
    const now = this.#now();
    this.#kills = this.#kills.filter((at) => now - at < MEMORY_MS);
    if (counted !== null && this.#counted !== null) {
      for (let kill = this.#counted; kill < counted; kill++) this.#kills.push(now);
    }
    this.#counted = counted;
  }

  /** Whether a kill of a moment ago explains a SIGKILL of now. Each explains one. */
  explains(): boolean {
    this.look();
    return this.#kills.shift() !== undefined;
  }

  // Kernels before 4.13 do not count.
  #read(): number | null {
    try {
      const count = /^oom_kill (\d+)$/m.exec(readFileSync(this.#path, 'latin1'))?.[1];
      return count === undefined ? null : Number(count);
    } catch {
      return null;
    }
  }
}
