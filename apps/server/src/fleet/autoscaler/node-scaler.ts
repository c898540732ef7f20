import type { NodeSignals } from '@aaas/contract/autoscaler';
import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { ScaleMetrics } from '../../telemetry/scale-metrics.ts';
import { decideIdle, decideSpares } from './decide/decide-node.ts';
import type { Decision } from './decide/decision.ts';
import { insertRecords, isNews, type Recorded, toRecord } from './decide/record-decision.ts';
import { scaleRules } from './decide/scale-rules.ts';
import type { ScaledBounds } from './scaled-bounds.ts';
import type { NodeDemand } from './signals/node-demand.ts';
import { nodeSignals } from './signals/node-signals.ts';
import { inWindow, missingSamples, type NodeSample, type Taken } from './signals/samples.ts';

/** What the loop asks of a node that runs sessions. */
export interface ScaledWorker {
  /** Processes that the node may have, and those that hold a place. */
  places(): { max: number; idle: number; working: number };
  /** Since the call before; null: there is no pool. */
  sparesAsked(): number | null;
  sparesReady(): number;
  memory(): { total: number; available: number };
  startsWaiting(): number;
}

export interface NodeScalerOptions {
  pool: Pool;
  nodeId: string;
  settings: Settings;
  demand: NodeDemand;
  bounds: ScaledBounds;
  /** Null: this node runs no sessions. */
  worker: ScaledWorker | null;
  /** Its agents stand still on purpose. */
  isResting(): boolean;
  metrics: ScaleMetrics;
  log: Logger;
  /** Milliseconds since 1970. */
  now(): number;
}

const WRITE = {
  name: 'autoscaler.write-node',
  text: `with recorded as (${insertRecords('$3')}) insert into scale_samples (node_id, sample) values ($1, $2)`,
};

/** Takes the samples of this node, and decides how many spares it keeps and when its idle agents sleep. */
export class NodeScaler {
  readonly #options: NodeScalerOptions;
  readonly #window: Taken<NodeSample>[] = [];
  readonly #reasons: { spares: string | null; idle: string | null } = { spares: null, idle: null };

  constructor(options: NodeScalerOptions) {
    this.#options = options;
  }

  /** One statement. What it decides is in force once it is written down. */
  async look(): Promise<void> {
    const { nodeId, settings, bounds, worker, metrics } = this.#options;
    const now = this.#options.now();
    const rules = scaleRules(settings);
    const sample = this.#sample();
    const window = this.#remember({ at: now, sample }, now, rules.windowSeconds);
    if (!worker || this.#options.isResting()) return this.#write(sample, []);
    const { scaledSpares, scaledIdle } = bounds;
    const signals = nodeSignals(window, scaledSpares?.value ?? 0);
    const input = { signals, missing: missingSamples(window.length, rules), rules, now };
    const decisions = { spares: decideSpares(input, scaledSpares), idle: decideIdle(input, scaledIdle) };
    sample.standing = this.#standing(decisions, signals);
    const record = (target: 'spares' | 'idle_seconds', decision: Decision) =>
      toRecord({ scope: 'node', node_id: nodeId, target, signals }, decision);
    const records = [
      ...(isNews(decisions.spares, this.#reasons.spares) ? [record('spares', decisions.spares)] : []),
      ...(isNews(decisions.idle, this.#reasons.idle) ? [record('idle_seconds', decisions.idle)] : []),
    ];
    await this.#write(sample, records);
    bounds.apply(decisions, now);
    this.#reasons.spares = decisions.spares.reason;
    this.#reasons.idle = decisions.idle.reason;
    metrics.nodeScaled(signals, { spares: bounds.scaledSpares?.value ?? null, idle_seconds: bounds.idleSeconds });
    for (const { target, action } of records) metrics.scaleDecided('node', target, action);
  }

  #sample(): NodeSample {
    const { demand, worker } = this.#options;
    return {
      ...demand.take(),
      starts_waiting: worker?.startsWaiting() ?? 0,
      worker: worker && loadOf(worker),
      standing: { spares: null, idle_seconds: null, signals: null },
    };
  }

  #remember(taken: Taken<NodeSample>, now: number, windowSeconds: number): Taken<NodeSample>[] {
    this.#window.push(taken);
    const window = inWindow(this.#window, now, windowSeconds);
    this.#window.splice(0, this.#window.length - window.length);
    return window;
  }

  #standing(decisions: { spares: Decision; idle: Decision }, signals: NodeSignals): NodeSample['standing'] {
    const { bounds, worker } = this.#options;
    const pool = bounds.scaledSpares;
    const { to } = decisions.spares;
    return {
      spares: pool && to !== null ? { target: to, ...pool.bounds, ready: worker?.sparesReady() ?? 0 } : null,
      idle_seconds: decisions.idle.to,
      signals,
    };
  }

  async #write(sample: NodeSample, records: Recorded[]): Promise<void> {
    const { pool, nodeId, log } = this.#options;
    const values = [nodeId, JSON.stringify(sample), JSON.stringify(records)];
    await pool.query({ ...WRITE, values });
    for (const { action, signals: _, ...record } of records)
      if (action !== 'hold') log.info({ action, ...record }, 'auto-scaling moved a bound of this node');
  }
}

function loadOf(worker: ScaledWorker): NonNullable<NodeSample['worker']> {
  const { max, idle, working } = worker.places();
  const { total, available } = worker.memory();
  return {
    places: max,
    held: idle + working,
    idle,
    spares_asked: worker.sparesAsked(),
    memory_used: Math.max(0, total - available),
    memory_total: total,
  };
}
