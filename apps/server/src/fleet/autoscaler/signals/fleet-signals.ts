import type { FleetSignals } from '@aaas/contract/autoscaler';
import { average, type FleetSample, percentile, rounded, type Taken } from './samples.ts';

/**
 * What a window of samples says, the oldest first and at least one. Load is averaged and set against the nodes that are
 * there now: after a step up, the load of before it counts against the new places.
 *
 * A place is used while it works, while somebody waits for it, or to the degree to which the agents that hold it are
 * asked for within a minute. An idle agent that nobody talks to gives its place up at once: it is no use of it.
 */
export function fleetSignals(window: Taken<FleetSample>[]): FleetSignals {
  const samples = window.map(({ sample }) => sample);
  const latest = samples.at(-1);
  if (!latest) throw new RangeError('a window without samples says nothing');
  const mean = (of: (sample: FleetSample) => number) => average(samples.map(of));
  const against = (load: number) => (latest.places > 0 ? rounded(load / latest.places) : null);
  const starts = samples.flatMap(({ starts_ms }) => starts_ms);
  const memory = samples.filter(({ memory_total }) => memory_total > 0);
  return {
    nodes: latest.nodes,
    silent_nodes: latest.silent,
    places: latest.places,
    use: against(mean((one) => Math.max(one.working + one.waiting, Math.min(one.held, one.arrivals_per_minute)))),
    slot_use: against(mean(({ held }) => held)),
    work_use: against(mean(({ working }) => working)),
    waiting: rounded(mean(({ waiting }) => waiting)),
    oldest_wait_seconds: rounded(mean((one) => one.oldest_wait_seconds)),
    arrivals_per_minute: rounded(mean((one) => one.arrivals_per_minute)),
    memory_use: memory.length === 0 ? null : rounded(average(memory.map(memoryUse))),
    starts: starts.length,
    start_p50_ms: percentile(starts, 0.5),
    start_p95_ms: percentile(starts, 0.95),
    starts_waiting: rounded(mean(({ starts_waiting }) => starts_waiting)),
  };
}

export function memoryUse({ memory_used, memory_total }: { memory_used: number; memory_total: number }): number {
  return memory_used / memory_total;
}
