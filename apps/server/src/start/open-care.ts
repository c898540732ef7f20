import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { HealthMonitor } from '../sandboxes/health/health-monitor.ts';
import { storeSamples } from '../sandboxes/health/store-samples.ts';
import { StartGate } from '../sandboxes/spawn/start-gate.ts';
import type { SandboxCare } from '../sessions/lifecycle/sandbox-care.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** The health monitor and the start gate of this node, on its settings as they are at the moment of asking. */
export function openCare(options: {
  settings: Settings;
  pool: Pool;
  metrics: Metrics;
  /** The sandboxes of this node were made to stand still. */
  frozen(): boolean;
  log: Logger;
  /** Whether there is memory for one more start beside those under way. */
  hasMemory(starting: number): boolean;
}): SandboxCare & { health: HealthMonitor; starts: StartGate } {
  const { settings, pool, metrics, log, hasMemory } = options;
  const health = new HealthMonitor({
    bounds: {
      get intervalMs() {
        return settings.HEALTH_CHECK_INTERVAL * 1000;
      },
      get timeoutMs() {
        return settings.HEALTH_CHECK_TIMEOUT * 1000;
      },
      get stall() {
        return {
          model: settings.STALL_MODEL_SECONDS * 1000,
          stream: settings.STALL_STREAM_SECONDS * 1000,
          tool: settings.STALL_TOOL_SECONDS * 1000,
        };
      },
    },
    store: (samples) => storeSamples(pool, samples),
    onChecked: (result, seconds) => metrics.healthChecked(result, seconds),
    frozen: options.frozen,
    onGap: (ms) => metrics.stoodStill(ms / 1000),
    log,
  });
  const starts = new StartGate({
    limit: () => settings.MAX_CONCURRENT_STARTS,
    hasMemory,
    onDelayed: (urgency, why) => metrics.startDelayed(urgency, why),
    onAdmitted: (waitedSeconds) => metrics.startAdmitted(waitedSeconds),
  });
  return { health, starts };
}
