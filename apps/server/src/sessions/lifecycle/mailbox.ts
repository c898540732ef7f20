type Job = () => Promise<void>;

/** What happened meanwhile, for the one loop that may write; and its alarm clock. */
export class Mailbox {
  readonly #jobs: Job[] = [];
  #failing: Job | null = null;
  #woken = false;
  #ring: () => void = () => {};

  /** Runs `job` in the loop, after those posted before it. */
  post(job: Job): void {
    this.#jobs.push(job);
    this.wake();
  }

  wake(): void {
    this.#woken = true;
    this.#ring();
  }

  /** Runs what was posted, in order. A job that fails stays, and is the first of the next time. */
  async work(): Promise<void> {
    for (let job = this.#jobs[0]; job; job = this.#jobs[0]) {
      this.#failing = job;
      await job();
      this.#failing = null;
      this.#jobs.shift();
    }
  }

  /** Gives up the job that failed last, if it was one. */
  dropFailed(): void {
    if (this.#failing && this.#jobs[0] === this.#failing) this.#jobs.shift();
    this.#failing = null;
  }

  /** Resolves when somebody wakes the loop, at once if that happened since the last sleep, or after `ms`. */
  async sleep(ms: number | null): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = ms === null ? undefined : setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
        this.#ring = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#woken = false;
    this.#ring = () => {};
  }
}
