import type { Limits, Usage } from './limits.ts';

/** A limit that was reached, and what came of it. */
export interface LimitEvent {
  /** `node_memory`: not its own limit was reached, the machine had no memory left. */
  resource: 'memory' | 'node_memory' | 'pids' | 'disk' | 'cpu';
  /**
   * `process_killed`: one process of the sandbox ended, the agent lives. `sandbox_killed`: the whole sandbox ended.
   * `refused`: it got no further process. `throttled`, `released`: its processor time is held down, or no longer.
   */
  outcome: 'process_killed' | 'sandbox_killed' | 'refused' | 'throttled' | 'released';
  limit: number;
  used: number;
  unit: 'MB' | 'processes' | 'percent of a core';
  message: string;
}

/** Why a sandbox was ended. */
export interface Breach {
  resource: Exclude<LimitEvent['resource'], 'cpu'>;
  event: LimitEvent;
}

const MIB = 1024 * 1024;

// The peak of one whose processes the kernel ended for its own limit.
const AT_ITS_LIMIT = 0.95;

export function memoryEvent(
  outcome: 'process_killed' | 'sandbox_killed',
  { memoryMb: limit }: Limits,
  { memoryPeakBytes }: Usage,
): LimitEvent & { resource: 'memory' | 'node_memory' } {
  const used = Math.ceil(memoryPeakBytes / MIB);
  const what = outcome === 'sandbox_killed' ? 'The agent was ended' : 'A process of the agent was ended';
  const figures = { outcome, limit, used, unit: 'MB' } as const;
  return used < limit * AT_ITS_LIMIT
    ? {
        resource: 'node_memory',
        ...figures,
        message: `${what} because its machine had no memory left; it used ${used} MB of the ${limit} MB that it may.`,
      }
    : {
        resource: 'memory',
        ...figures,
        message: `${what} because together its processes reached the limit of ${limit} MB of memory.`,
      };
}

export function pidsEvent(outcome: LimitEvent['outcome'], { pids }: Limits, used: number): LimitEvent {
  const message =
    outcome === 'sandbox_killed'
      ? `The agent was ended because it stood at its limit of ${pids} processes and threads.`
      : `The agent was refused another process: it has ${pids} processes and threads, its limit.`;
  return { resource: 'pids', outcome, limit: pids, used, unit: 'processes', message };
}

export function diskEvent({ diskMb }: Limits, usedBytes: number): LimitEvent {
  const used = Math.ceil(usedBytes / MIB);
  return {
    resource: 'disk',
    outcome: 'sandbox_killed',
    limit: diskMb,
    used,
    unit: 'MB',
    message: `The agent was ended because its files take ${used} MB of disk, over the limit of ${diskMb} MB.`,
  };
}

export function cpuEvent(outcome: 'throttled' | 'released', { cpuPercent }: Limits, used: number): LimitEvent {
  const message =
    outcome === 'throttled'
      ? `The agent used ${used} % of a core for longer than it may: it is held to ${cpuPercent} % until it is calm.`
      : 'The agent is calm again: its processor time is no longer held down.';
  return { resource: 'cpu', outcome, limit: cpuPercent, used, unit: 'percent of a core', message };
}
