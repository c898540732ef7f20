import type { PoolMiss } from '@aaas/contract/starts';
import type { Logger } from 'pino';
import { KindState } from './kind-state.ts';
import { planSizes } from './plan-sizes.ts';
import { type Memory, poolCapacity } from './pool-capacity.ts';
import type { Spare } from './spare.ts';

/** Read at each use: they change while the node runs. */
export interface PoolBounds {
  /** Spares kept however little is wanted. */
  min: number;
  /** Percent of the memory that spares may take; 0: there is no pool. */
  memoryPercent: number;
  /** Processes that the node may start beside those that it has. */
  slots: number;
}

export interface PoolOptions<K extends { key: string }, S extends Spare> {
  /** Rejects soon after `signal` aborts. */
  make(kind: K, signal: AbortSignal): Promise<S>;
  /** What to keep while nobody has asked for anything, the likeliest first. */
  usualKinds(): K[];
  bounds: PoolBounds;
  /** Processes stand still on purpose: no spare is judged by its silence, and none is made. */
  isResting(): boolean;
  memory(): Memory;
  metrics: {
    poolAsked(outcome: 'hit' | PoolMiss): void;
    poolSpareLost(): void;
    poolLimited(limit: 'memory' | 'slots'): void;
  };
  log: Logger;
  now(): number;
}

/** How the pool stands. */
export interface PoolState {
  ready: number;
  starting: number;
  /** As many as demand asks for, whether there is room for them or not. */
  wanted: number;
}

const REVIEW_MS = 1_000;
const PROBE_EVERY_MS = 15_000;
// A spare that lived as long did not die of how it was made.
const SETTLED_MS = 60_000;
// A start takes a core for half a second: whoever is being started for somebody comes first.
const STARTS_AT_ONCE = 1;
// Kinds that are remembered; the one that was wanted least is forgotten.
const KINDS_MAX = 256;

/**
 * Spare processes that wait to be claimed, of each kind as many as its demand asks for. A spare is given away once; one
 * that dies is replaced, at first at once and then ever later.
 */
export class WarmPool<K extends { key: string }, S extends Spare> {
  readonly #options: PoolOptions<K, S>;
  readonly #kinds = new Map<string, KindState<K, S>>();
  #review: NodeJS.Timeout | undefined;
  #probing: NodeJS.Timeout | undefined;
  readonly #closed = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #starting = 0;
  #wanted = 0;
  /** Given away and not yet replaced; how many that was at most, and how many were asked for in vain, since somebody asked. */
  readonly #asked = { out: 0, most: 0, missed: 0 };

  constructor(options: PoolOptions<K, S>) {
    this.#options = options;
  }

  /** From here on it fills. */
  start(): void {
    this.#review = setInterval(() => this.#reviewSizes(), REVIEW_MS);
    this.#probing = setInterval(() => this.#probeAll(), PROBE_EVERY_MS);
    this.#reviewSizes();
  }

  get state(): PoolState {
    return { ready: this.#ready, starting: this.#starting, wanted: this.#wanted };
  }

  get isOn(): boolean {
    return !this.#closed.signal.aborted && this.#options.bounds.memoryPercent > 0;
  }

  /** Takes a ready spare, whose owner the caller is from now on; null: there is none. Either way the demand is noted. */
  take(kind: K): S | null {
    const { now } = this.#options;
    const state = this.#stateOf(kind);
    state.arrivals.add(now());
    const spare = state.ready.shift() ?? null;
    if (spare) state.settled();
    this.#countAsked(spare !== null);
    queueMicrotask(() => this.#reviewSizes());
    return spare;
  }

  /** Spares that were needed at once, at most, since the call before: more than are kept when some were asked for in vain. */
  takeAsked(): number {
    const { out, most, missed } = this.#asked;
    Object.assign(this.#asked, { most: out, missed: 0 });
    return most + missed;
  }

  note(outcome: 'hit' | PoolMiss): void {
    this.#options.metrics.poolAsked(outcome);
  }

  /** What is fixed at a start has changed: every spare is ended, and new ones follow. Resolves when the old are gone. */
  async renew(): Promise<void> {
    const old = [...this.#kinds.values()].flatMap((state) => state.takeAll());
    this.#kinds.clear();
    await Promise.all(old.map((spare) => this.#end(spare)));
    this.#reviewSizes();
  }

  /** Ends every spare, also those that are being started; resolves when none is left. */
  async close(): Promise<void> {
    this.#closed.abort();
    clearInterval(this.#review);
    clearInterval(this.#probing);
    const old = [...this.#kinds.values()].flatMap((state) => state.takeAll());
    await Promise.all(old.map((spare) => this.#end(spare)));
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #countAsked(hit: boolean): void {
    if (!hit) this.#asked.missed++;
    else this.#asked.most = Math.max(this.#asked.most, ++this.#asked.out);
  }

  get #ready(): number {
    return [...this.#kinds.values()].reduce((sum, { ready }) => sum + ready.length, 0);
  }

  #stateOf(kind: K): KindState<K, S> {
    const known = this.#kinds.get(kind.key);
    if (known) return known;
    const { now } = this.#options;
    const state = new KindState<K, S>(kind, now());
    this.#kinds.set(kind.key, state);
    if (this.#kinds.size > KINDS_MAX) this.#forgetOne(state);
    return state;
  }

  #forgetOne(keep: KindState<K, S>): void {
    const now = this.#options.now();
    const idle = [...this.#kinds.values()].filter((state) => state !== keep && state.size === 0);
    idle.sort((a, b) => a.arrivals.perSecond(now) - b.arrivals.perSecond(now));
    if (idle[0]) this.#kinds.delete(idle[0].kind.key);
  }

  /** Starts what is missing and ends what is too much. */
  #reviewSizes(): void {
    if (this.#closed.signal.aborted || !this.#review || this.#options.isResting()) return;
    const { bounds, memory, now, metrics } = this.#options;
    if (bounds.min > 0 && bounds.memoryPercent > 0) for (const kind of this.#options.usualKinds()) this.#stateOf(kind);
    const live = this.#ready + this.#starting;
    const { max, limit } = poolCapacity({ percent: bounds.memoryPercent, slots: bounds.slots }, memory(), live);
    const states = [...this.#kinds.values()];
    const { sizes, wanted } = planSizes(
      states.map((state) => state.demand(now())),
      { min: bounds.memoryPercent > 0 ? bounds.min : 0, max },
    );
    this.#wanted = wanted;
    if (wanted > max && bounds.memoryPercent > 0) metrics.poolLimited(limit);
    for (const state of states) {
      const surplus = state.ready.length - (sizes.get(state.kind.key) ?? 0);
      // Demand that sinks a little would otherwise end a spare that the next start asks for.
      if (surplus > 0 && (live > max || state.isLongUnwanted(now()))) {
        for (const spare of state.ready.splice(0, surplus)) void this.#track(this.#end(spare));
      }
      if (surplus <= 0) state.wantedAt = now();
    }
    for (const state of states) {
      while (this.#starting < STARTS_AT_ONCE && state.size < (sizes.get(state.kind.key) ?? 0) && state.mayStart(now()))
        void this.#track(this.#start(state));
    }
    // Nothing is on its way: what was given away is replaced, or not wanted any more.
    if (this.#starting === 0 && states.every((state) => state.size >= (sizes.get(state.kind.key) ?? 0)))
      this.#asked.out = 0;
  }

  async #start(state: KindState<K, S>): Promise<void> {
    const { make, now, log, metrics } = this.#options;
    this.#starting++;
    state.starting++;
    const began = now();
    try {
      const spare = await make(state.kind, this.#closed.signal);
      const readyAt = now();
      state.made(readyAt - began);
      // Closed or renewed meanwhile.
      if (this.#closed.signal.aborted || this.#kinds.get(state.kind.key) !== state) return await this.#end(spare);
      state.ready.push(spare);
      this.#asked.out = Math.max(0, this.#asked.out - 1);
      spare.exited.then(() => {
        if (now() - readyAt > SETTLED_MS) state.settled();
        this.#lose(state, spare, 'a spare of the warm pool died');
      });
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      const pauseMs = state.failed(now());
      metrics.poolSpareLost();
      log.warn({ err: error, pause_ms: pauseMs }, 'a spare of the warm pool could not be started');
    } finally {
      this.#starting--;
      state.starting--;
    }
    this.#reviewSizes();
  }

  #probeAll(): void {
    if (this.#options.isResting()) return;
    for (const state of this.#kinds.values()) {
      for (const spare of state.ready) {
        spare.probe().catch((error) => {
          if (this.#options.isResting()) return;
          this.#lose(state, spare, 'a spare of the warm pool does not answer', error);
        });
      }
    }
  }

  #lose(state: KindState<K, S>, spare: S, what: string, error?: Error): void {
    // Claimed meanwhile: its session watches it now.
    if (!state.remove(spare)) return;
    const pauseMs = state.failed(this.#options.now());
    this.#options.metrics.poolSpareLost();
    this.#options.log.warn({ err: error, cell_id: spare.id, pause_ms: pauseMs }, what);
    void this.#track(this.#end(spare));
  }

  async #end(spare: S): Promise<void> {
    await spare
      .end()
      .catch((error) => this.#options.log.error({ err: error, cell_id: spare.id }, 'failed to end a spare'));
  }

  #track(work: Promise<void>): Promise<void> {
    this.#underWay.add(work);
    return work.finally(() => this.#underWay.delete(work));
  }
}
