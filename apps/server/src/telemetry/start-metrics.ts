import { POOL_MISSES, type PoolMiss, type StartKind, type StartStep } from '@aaas/contract/starts';
import { Counter, Histogram, type Registry } from 'prom-client';

/** What is counted of starts and of the warm pool. */
export interface StartMetrics {
  /** A step of the start of a sandbox has ended; `ready`: all of them up to its first answer. */
  sandboxStartStep(kind: StartKind, step: StartStep | 'ready', seconds: number): void;
  /** A start asked the warm pool: `hit`, or why it got none. */
  poolAsked(outcome: 'hit' | PoolMiss): void;
  /** A spare of the warm pool died, or could not be started. */
  poolSpareLost(): void;
  /** The warm pool is smaller than it wants to be. */
  poolLimited(limit: 'memory' | 'slots'): void;
}

const START_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createStartMetrics(registry: Registry): StartMetrics {
  const registers = [registry];
  const starts = new Histogram({
    name: 'aaas_sandbox_start_seconds',
    help: 'Steps of starts of agent processes on this node, by kind (cold, warm, resume); ready: from the begin to the first answered probe.',
    labelNames: ['kind', 'step'],
    buckets: START_SECONDS,
    registers,
  });
  const claims = new Counter({
    name: 'aaas_warm_pool_claims_total',
    help: 'Starts that a spare of the warm pool could have served, by what came of it: hit, or why there was none.',
    labelNames: ['outcome'],
    registers,
  });
  const sparesLost = new Counter({
    name: 'aaas_warm_pool_spares_lost_total',
    help: 'Spares of the warm pool that died, or could not be started.',
    registers,
  });
  const poolLimited = new Counter({
    name: 'aaas_warm_pool_limited_total',
    help: 'Reviews of the warm pool at which it could not have the spares it wants, by what limits it.',
    labelNames: ['limit'],
    registers,
  });
  for (const outcome of ['hit', ...Object.keys(POOL_MISSES)]) claims.inc({ outcome }, 0);
  for (const limit of ['memory', 'slots']) poolLimited.inc({ limit }, 0);
  return {
    sandboxStartStep: (kind, step, seconds) => starts.observe({ kind, step }, seconds),
    poolAsked: (outcome) => claims.inc({ outcome }),
    poolSpareLost: () => sparesLost.inc(),
    poolLimited: (limit) => poolLimited.inc({ limit }),
  };
}
