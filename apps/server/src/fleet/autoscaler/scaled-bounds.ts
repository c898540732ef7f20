import type { Settings } from '@aaas/contract/settings';
import { SPARE_BYTES } from '../../sandboxes/pool/pool-capacity.ts';
import type { Scaled } from './decide/decide-node.ts';
import type { Decision, LastMove } from './decide/decision.ts';

/** Moved away from where the settings have it, and when; value null: it is there. */
interface Moved {
  value: number | null;
  last: LastMove;
}

/** What auto-scaling has made of two bounds of this node: how many spares it keeps, and when idle agents sleep. */
export class ScaledBounds {
  readonly #settings: Settings;
  readonly #memoryTotal: number;
  #spares: Moved = { value: null, last: null };
  #idle: Moved = { value: null, last: null };

  /** @param memoryTotal of the machine, or the container, in bytes */
  constructor(settings: Settings, memoryTotal: number) {
    this.#settings = settings;
    this.#memoryTotal = memoryTotal;
  }

  /** Spares to keep however little is wanted. */
  get spares(): number {
    return this.scaledSpares?.value ?? this.#settings.MIN_AGENTS;
  }

  /** Seconds that an agent may be idle which has no timeout of its own; null: for ever. */
  get idleSeconds(): number | null {
    return this.scaledIdle?.value ?? null;
  }

  /** Between MIN_AGENTS and what the share of memory holds. Null: there is no pool. */
  get scaledSpares(): Scaled | null {
    const { MIN_AGENTS: min, WARM_POOL_MEMORY_PERCENT: percent, ENABLE_AUTO_SCALING: moves } = this.#settings;
    if (percent === 0) return null;
    const max = Math.max(min, Math.floor((this.#memoryTotal * percent) / 100 / SPARE_BYTES));
    const value = moves ? (this.#spares.value ?? min) : min;
    return { value: Math.max(min, Math.min(max, value)), bounds: { min, max }, last: this.#spares.last };
  }

  /** Between SCALE_MIN_IDLE_SECONDS and AGENT_IDLE_TIMEOUT. Null: agents do not sleep by themselves. */
  get scaledIdle(): Scaled | null {
    const {
      AGENT_IDLE_TIMEOUT: max,
      SCALE_MIN_IDLE_SECONDS,
      ENABLE_IDLE_SHUTDOWN,
      ENABLE_AUTO_SCALING,
    } = this.#settings;
    if (!ENABLE_IDLE_SHUTDOWN) return null;
    const min = Math.min(SCALE_MIN_IDLE_SECONDS, max);
    const value = ENABLE_AUTO_SCALING ? (this.#idle.value ?? max) : max;
    return { value: Math.max(min, Math.min(max, value)), bounds: { min, max }, last: this.#idle.last };
  }

  /** In force from now on. Where a bound stands as the settings have it, it follows them. */
  apply({ spares, idle }: { spares: Decision; idle: Decision }, now: number): void {
    if (spares.action !== 'hold') {
      this.#spares = { value: spares.to === this.#settings.MIN_AGENTS ? null : spares.to, last: { at: now } };
    }
    if (idle.action !== 'hold') {
      this.#idle = { value: idle.to === this.#settings.AGENT_IDLE_TIMEOUT ? null : idle.to, last: { at: now } };
    }
    if (spares.reason === 'switched_off') this.#spares = { value: null, last: null };
    if (idle.reason === 'switched_off') this.#idle = { value: null, last: null };
  }
}
