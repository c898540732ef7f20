import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Settings } from '@aaas/contract/settings';
import type { Limits } from './limits.ts';

type Bounds = Pick<
  Settings,
  'MAX_MEMORY_PER_AGENT_MB' | 'MAX_CPU_PER_AGENT_PERCENT' | 'MAX_PIDS_PER_AGENT' | 'MAX_DISK_PER_AGENT_MB'
>;

/** What a sandbox may use: what its agent asks for, and never more than the platform gives to one. */
export function effectiveLimits({ limits }: Pick<AgentDefinition, 'limits'>, bounds: Bounds): Limits {
  const least = (asked: number | undefined, most: number) => Math.min(asked ?? most, most);
  return {
    memoryMb: least(limits?.memory_mb, bounds.MAX_MEMORY_PER_AGENT_MB),
    cpuPercent: least(limits?.cpu_percent, bounds.MAX_CPU_PER_AGENT_PERCENT),
    pids: least(limits?.pids, bounds.MAX_PIDS_PER_AGENT),
    diskMb: least(limits?.disk_mb, bounds.MAX_DISK_PER_AGENT_MB),
  };
}
