import { randomUUID } from 'node:crypto';
import type { PoolMiss, StartKind, StartReport, StartStep } from '@aaas/contract/starts';
import { hintFor } from './start-hints.ts';

/** Told of each step when it has ended; `ready`: all up to the answered probe. */
export type OnStep = (kind: StartKind, step: StartStep | 'ready', seconds: number) => void;

/** Measures one start of a process, step by step. Whoever works on a step says so before. */
export class StartClock {
  readonly id = randomUUID().slice(0, 8);
  kind: StartKind = 'cold';
  miss: PoolMiss | null = null;
  readonly #onStep: OnStep;
  readonly #now: () => number;
  readonly #steps: StartReport['steps'] = {};
  readonly #beganAt: number;
  #step: StartStep | null = null;
  #stepAt = 0;

  constructor(onStep: OnStep = () => {}, now: () => number = () => performance.now()) {
    this.#onStep = onStep;
    this.#now = now;
    this.#beganAt = now();
  }

  /** The next step begins, and the one before it has ended. */
  enter(step: StartStep): void {
    this.#endStep();
    this.#step = step;
    this.#stepAt = this.#now();
  }

  /** The probe is answered. */
  ready(): StartReport {
    this.#endStep();
    this.#onStep(this.kind, 'ready', (this.#now() - this.#beganAt) / 1000);
    return this.#report(null, null);
  }

  /** The start has failed in the step that it is in. `output`: what the failure and the process said. */
  failed(output: string): StartReport {
    const step = this.#step ?? 'directory';
    return this.#report(step, hintFor(step, output));
  }

  /** A step that comes after the probe. */
  later(step: StartStep, milliseconds: number): void {
    this.#onStep(this.kind, step, milliseconds / 1000);
  }

  #endStep(): void {
    if (this.#step === null) return;
    const took = this.#now() - this.#stepAt;
    const name = `${this.#step}_ms` as const;
    this.#steps[name] = round((this.#steps[name] ?? 0) + took);
    this.#onStep(this.kind, this.#step, took / 1000);
    this.#step = null;
  }

  #report(failedStep: StartStep | null, hint: string | null): StartReport {
    return { id: this.id, kind: this.kind, miss: this.miss, steps: { ...this.#steps }, failed_step: failedStep, hint };
  }
}

export function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
