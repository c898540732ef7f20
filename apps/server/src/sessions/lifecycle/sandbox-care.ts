import type { HealthMonitor } from '../../sandboxes/health/health-monitor.ts';
import type { StartGate } from '../../sandboxes/spawn/start-gate.ts';

/** What a node has once for all its sandboxes. */
export interface SandboxCare {
  health: Pick<HealthMonitor, 'watch' | 'oom'>;
  starts: Pick<StartGate, 'enter'>;
}
