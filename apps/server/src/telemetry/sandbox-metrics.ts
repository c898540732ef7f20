import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StartDelay, Urgency } from '../sandboxes/spawn/start-gate.ts';

/** What is counted of the processes of agents on this node. No label names an agent. */
export interface SandboxMetrics {
  healthChecked(result: 'answered' | 'failed' | 'late', seconds: number): void;
  /** This server itself stood still. */
  stoodStill(seconds: number): void;
  /** A start could not go on at once. */
  startDelayed(kind: Urgency, why: StartDelay): void;
  /** A start was let go on. */
  startAdmitted(waitedSeconds: number): void;
}

export interface SandboxSources {
  sandboxTotals(): { memoryBytes: number; largestMemoryBytes: number; cpuSeconds: number; processes: number };
  starts(): { running: number; waiting: number };
}

const WAIT_SECONDS = [0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const CHECK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createSandboxMetrics(registry: Registry): SandboxMetrics {
  const registers = [registry];
  const checks = new Histogram({
    name: 'aaas_health_check_duration_seconds',
    help: 'Health checks of agent processes: answered; failed, as the channel was closed; late, after which the process is replaced.',
    labelNames: ['result'],
    buckets: CHECK_SECONDS,
    registers,
  });
  const still = new Counter({
    name: 'aaas_stood_still_seconds_total',
    help: 'Time in which this server itself was stopped or starved; agents are not blamed for it.',
    registers,
  });
  const waited = new Counter({
    name: 'aaas_start_limit_reached_total',
    help: 'Starts of agent processes that had to wait: for MAX_CONCURRENT_STARTS (concurrency) or MEMORY_RESERVE_MB (memory), by what waits for them.',
    labelNames: ['kind', 'for'],
    registers,
  });
  const waits = new Histogram({
    name: 'aaas_start_wait_seconds',
    help: 'How long starts of agent processes waited until they were let go on.',
    buckets: WAIT_SECONDS,
    registers,
  });
  for (const kind of ['message', 'start', 'recovery', 'spare'])
    for (const why of ['concurrency', 'memory']) waited.inc({ kind, for: why }, 0);
  return {
    healthChecked: (result, seconds) => checks.observe({ result }, seconds),
    stoodStill: (seconds) => still.inc(seconds),
    startDelayed: (kind, why) => waited.inc({ kind, for: why }),
    startAdmitted: (waitedSeconds) => waits.observe(waitedSeconds),
  };
}

export function registerSandboxGauges(registry: Registry, sources: SandboxSources): void {
  const registers = [registry];
  new Gauge({
    name: 'aaas_sandbox_memory_bytes',
    help: 'Memory of the process trees of this node: of all together, and of the largest one.',
    labelNames: ['of'],
    registers,
    collect() {
      const { memoryBytes, largestMemoryBytes } = sources.sandboxTotals();
      this.set({ of: 'all' }, memoryBytes);
      this.set({ of: 'largest' }, largestMemoryBytes);
    },
  });
  let told = 0;
  new Counter({
    name: 'aaas_sandbox_cpu_seconds_total',
    help: 'Processor time that the process trees of this node have used.',
    registers,
    collect() {
      const { cpuSeconds } = sources.sandboxTotals();
      this.inc(Math.max(0, cpuSeconds - told));
      told = cpuSeconds;
    },
  });
  new Gauge({
    name: 'aaas_sandbox_processes',
    help: 'Processes in the process trees of this node.',
    registers,
    collect() {
      this.set(sources.sandboxTotals().processes);
    },
  });
  new Gauge({
    name: 'aaas_starts',
    help: 'Agent processes that start now, and starts that wait for their turn.',
    labelNames: ['state'],
    registers,
    collect() {
      const { running, waiting } = sources.starts();
      this.set({ state: 'running' }, running);
      this.set({ state: 'waiting' }, waiting);
    },
  });
}
