import type { Logger } from 'pino';
import type { ProcessQuery } from '../reaper/find-processes.ts';
import { type HealthBounds, HealthChecks, type Subject } from './health-checks.ts';
import { LivedClock } from './lived-clock.ts';
import { TreeMeter } from './measure-tree.ts';
import { OomWitness } from './oom-witness.ts';
import { readVitals } from './process-vitals.ts';

/** What a session's process tree took when it was last measured. */
export interface Sample {
  sessionId: string;
  /** Of the first process of the tree. */
  pid: number;
  memoryBytes: number;
  /** Since the process was started. */
  cpuSeconds: number;
  /** Of one core, since the sample before. */
  cpuPercent: number;
  processes: number;
}

/** All sandboxes of a node together. */
export interface SandboxTotals {
  memoryBytes: number;
  largestMemoryBytes: number;
  /** Used since this node started, by those that are gone too. */
  cpuSeconds: number;
  processes: number;
}

export interface Patient extends Subject {
  sessionId: string;
  tree: ProcessQuery;
}

export interface MonitorOptions {
  bounds: HealthBounds;
  /** Keeps the samples of this node for whoever asks; one call each interval. */
  store(samples: Sample[]): Promise<void>;
  onChecked(result: 'answered' | 'failed' | 'late', seconds: number): void;
  onGap(ms: number): void;
  /** They were made to stand still on purpose: nobody is found unhealthy then. */
  frozen(): boolean;
  log: Logger;
}

const TICK_MS = 250;
// The loop is late by less than this on any busy day.
const GAP_WORTH_TELLING_MS = 2_000;

/** Watches over the live sandboxes of a node, with one timer for all of them. */
export class HealthMonitor {
  readonly oom = new OomWitness();
  readonly #options: MonitorOptions;
  readonly #clock = new LivedClock(() => performance.now(), 2 * TICK_MS);
  readonly #checks: HealthChecks;
  readonly #meter = new TreeMeter();
  readonly #patients = new Map<Patient, Sample | null>();
  readonly #timer: NodeJS.Timeout;
  #measuredAt = 0;
  #measuring: Promise<void> | null = null;
  #cpuSeconds = 0;

  constructor(options: MonitorOptions) {
    this.#options = options;
    const { bounds, onChecked } = options;
    this.#checks = new HealthChecks({ bounds, clock: this.#clock, readVitals, random: Math.random, onChecked });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** @returns what ends the watch. */
  watch(patient: Patient): () => void {
    const end = this.#checks.add(patient);
    this.#patients.set(patient, null);
    return () => {
      end();
      this.#patients.delete(patient);
    };
  }

  totals(): SandboxTotals {
    const samples = [...this.#patients.values()].filter((sample) => sample !== null);
    return {
      memoryBytes: samples.reduce((sum, sample) => sum + sample.memoryBytes, 0),
      largestMemoryBytes: samples.reduce((most, sample) => Math.max(most, sample.memoryBytes), 0),
      cpuSeconds: this.#cpuSeconds,
      processes: samples.reduce((sum, sample) => sum + sample.processes, 0),
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#measuring;
  }

  #tick(): void {
    if (this.#options.frozen()) {
      this.#clock.skip();
      return;
    }
    const gap = this.#clock.step();
    if (gap > GAP_WORTH_TELLING_MS) {
      this.#options.onGap(gap);
      this.#options.log.warn(
        { gap_ms: Math.round(gap) },
        'this server itself stood still; its agents are not to blame',
      );
    }
    this.oom.look();
    this.#checks.tick();
    const { intervalMs } = this.#options.bounds;
    if (this.#measuring || this.#patients.size === 0 || this.#clock.now - this.#measuredAt < intervalMs) return;
    const passedSeconds = (this.#clock.now - this.#measuredAt) / 1000;
    this.#measuredAt = this.#clock.now;
    this.#measuring = this.#measure(passedSeconds)
      .catch((error) => this.#options.log.warn({ err: error }, 'failed to measure the sandboxes'))
      .finally(() => {
        this.#measuring = null;
      });
  }

  async #measure(passedSeconds: number): Promise<void> {
    const patients = [...this.#patients.keys()];
    const figures = await this.#meter.measure(patients.map(({ tree }) => tree));
    const samples = patients.flatMap((patient, index): Sample[] => {
      const tree = figures[index];
      const before = this.#patients.get(patient);
      // It ended meanwhile.
      if (!tree || before === undefined || patient.pid === null) return [];
      const used = Math.max(0, tree.cpuSeconds - (before?.cpuSeconds ?? 0));
      this.#cpuSeconds += used;
      const sample = {
        sessionId: patient.sessionId,
        pid: patient.pid,
        memoryBytes: tree.memoryBytes,
        cpuSeconds: Math.max(tree.cpuSeconds, before?.cpuSeconds ?? 0),
        cpuPercent: before ? (100 * used) / passedSeconds : 0,
        processes: tree.pids.length,
      };
      this.#patients.set(patient, sample);
      return [sample];
    });
    if (samples.length > 0) await this.#options.store(samples);
  }
}
