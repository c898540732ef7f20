import type { StatusReason } from '@aaas/contract/lifecycle';
import { judgeSilence } from './judge-silence.ts';
import { judgeStall, type StallLimits } from './judge-stall.ts';
import type { LivedClock } from './lived-clock.ts';
import type { Vitals } from './process-vitals.ts';
import type { TurnProgress } from './turn-progress.ts';

/** A process that is to be well. */
export interface Subject {
  pid: number | null;
  /** A cheap round trip on the channel that turns use. */
  ping(): Promise<void>;
  /** Null: no turn runs. */
  progress(): TurnProgress | null;
  /** Called once: nobody looks at it after that. */
  onUnhealthy(finding: Finding): void;
}

export interface Finding {
  reason: Extract<StatusReason, 'control_channel_timeout' | 'turn_stalled'>;
  detail: string;
}

/** In milliseconds; read at each use. */
export interface HealthBounds {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly stall: StallLimits;
}

export interface HealthChecksOptions {
  bounds: HealthBounds;
  clock: LivedClock;
  readVitals(pid: number): Vitals | null;
  random(): number;
  onChecked(result: 'answered' | 'failed' | 'late', seconds: number): void;
}

// Between two looks at a process that is late.
const SECOND_LOOK_MS = 500;
// A check comes so much earlier than its interval, at most: never all of a node in one moment.
const JITTER = 0.25;

interface Checked {
  subject: Subject;
  /** When the check that waits for its answer was made; null: none does. Times are lived milliseconds. */
  askedAt: number | null;
  answeredAt: number;
  /** Share of the interval after which it is asked next. */
  share: number;
  suspect: { at: number; vitals: Vitals | null } | null;
  sign: TurnProgress | null;
  signAt: number;
}

/** The health checks of all sandboxes of a node; `tick` looks at each of them. */
export class HealthChecks {
  readonly #options: HealthChecksOptions;
  readonly #checked = new Set<Checked>();

  constructor(options: HealthChecksOptions) {
    this.#options = options;
  }

  /** @returns what ends the checks. */
  add(subject: Subject): () => void {
    const { clock, random } = this.#options;
    const now = clock.now;
    const checked: Checked = {
      subject,
      askedAt: null,
      answeredAt: now,
      share: random(),
      suspect: null,
      sign: null,
      signAt: now,
    };
    this.#checked.add(checked);
    return () => this.#checked.delete(checked);
  }

  tick(): void {
    for (const checked of this.#checked) {
      const finding = this.#checkChannel(checked) ?? this.#checkProgress(checked);
      if (!finding) continue;
      this.#checked.delete(checked);
      checked.subject.onUnhealthy(finding);
    }
  }

  #checkChannel(checked: Checked): Finding | null {
    const { bounds, clock } = this.#options;
    if (checked.askedAt === null) {
      if (clock.now >= checked.answeredAt + checked.share * bounds.intervalMs) this.#ask(checked);
      return null;
    }
    const silentMs = clock.now - checked.askedAt;
    if (silentMs < bounds.timeoutMs || checked.subject.pid === null) return null;
    const now = this.#options.readVitals(checked.subject.pid);
    const { suspect } = checked;
    const looked = suspect !== null && clock.now >= suspect.at + SECOND_LOOK_MS;
    if (suspect === null || looked) checked.suspect = { at: clock.now, vitals: now };
    const before = looked ? suspect.vitals : null;
    const detail = judgeSilence({ silentMs, timeoutMs: bounds.timeoutMs, before, now });
    if (detail === null) return null;
    this.#options.onChecked('late', silentMs / 1000);
    return { reason: 'control_channel_timeout', detail };
  }

  #ask(checked: Checked): void {
    const { clock, random, onChecked } = this.#options;
    const askedAt = clock.now;
    const began = performance.now();
    checked.askedAt = askedAt;
    checked.suspect = null;
    const answered = (result: 'answered' | 'failed') => {
      if (!this.#checked.has(checked)) return;
      checked.askedAt = null;
      checked.answeredAt = clock.now;
      checked.share = 1 - JITTER * random();
      onChecked(result, (performance.now() - began) / 1000);
    };
    // A channel that refuses belongs to a process that is ending: its exit tells.
    checked.subject.ping().then(
      () => answered('answered'),
      () => answered('failed'),
    );
  }

  #checkProgress(checked: Checked): Finding | null {
    const { bounds, clock } = this.#options;
    const sign = checked.subject.progress();
    const moved = sign?.phase !== checked.sign?.phase || sign?.beat !== checked.sign?.beat;
    if (sign === null || moved) {
      checked.sign = sign && { ...sign };
      checked.signAt = clock.now;
      return null;
    }
    const detail = judgeStall(sign.phase, clock.now - checked.signAt, bounds.stall);
    return detail === null ? null : { reason: 'turn_stalled', detail };
  }
}
