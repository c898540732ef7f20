import type { NodeSignals } from '@aaas/contract/autoscaler';
import { memoryUse } from './fleet-signals.ts';
import { average, type NodeSample, percentile, rounded, type Taken } from './samples.ts';

/**
 * What a window of samples says of a node, the oldest first and at least one. What was asked of the pool is set against
 * `spares`, as many as it keeps now.
 */
export function nodeSignals(window: Taken<NodeSample>[], spares: number): NodeSignals {
  const samples = window.map(({ sample }) => sample);
  const workers = samples.flatMap(({ worker }) => (worker ? [worker] : []));
  const asked = workers.flatMap(({ spares_asked }) => (spares_asked === null ? [] : [spares_asked]));
  const starts = samples.flatMap(({ starts_ms }) => starts_ms);
  const mean = (values: number[]) => (values.length === 0 ? 0 : rounded(average(values)));
  const held = mean(workers.map((worker) => worker.held));
  const working = mean(workers.map((worker) => worker.held - worker.idle));
  return {
    spare_use: asked.length === 0 ? null : rounded(mean(asked) / Math.max(1, spares)),
    activity: held === 0 ? null : rounded(working / held),
    idle: mean(workers.map(({ idle }) => idle)),
    held,
    memory_use: workers.length === 0 ? null : rounded(average(workers.map(memoryUse))),
    starts_waiting: mean(samples.map(({ starts_waiting }) => starts_waiting)),
    starts: starts.length,
    start_p50_ms: percentile(starts, 0.5),
    start_p95_ms: percentile(starts, 0.95),
  };
}
