import type { Metrics } from '../../../telemetry/metrics.ts';

/** Of a loop: the last ones say how starts are. */
const STARTS_KEPT = 100;

/** What was asked of this node since somebody looked: counted in memory, on the way of what is counted anyway. */
export class NodeDemand {
  #since = performance.now();
  #arrivals = 0;
  #starts: number[] = [];

  /** A session got something to do. */
  arrived(): void {
    this.#arrivals++;
  }

  /** The same metrics, listened to. */
  heardFrom(metrics: Metrics): Metrics {
    return {
      ...metrics,
      sandboxStartStep: (kind, step, seconds) => {
        metrics.sandboxStartStep(kind, step, seconds);
        if (step === 'ready') this.#started(seconds);
      },
    };
  }

  /** Since the call before. */
  take(): { seconds: number; arrivals: number; starts_ms: number[] } {
    const now = performance.now();
    const taken = { seconds: (now - this.#since) / 1_000, arrivals: this.#arrivals, starts_ms: this.#starts };
    this.#since = now;
    this.#arrivals = 0;
    this.#starts = [];
    return taken;
  }

  #started(seconds: number): void {
    this.#starts.push(Math.round(seconds * 1_000));
    if (this.#starts.length > STARTS_KEPT) this.#starts.shift();
  }
}
