import type { LimitsDriver } from '../limits.ts';
import { fileSizeLimit, processLimit } from '../self-limits.ts';
import { ProcessTable } from './process-table.ts';
import { WatchedGroup } from './watched-group.ts';

/**
 * For where no control group may be made: the tree of each sandbox is found and measured in /proc. The kernel holds
 * only what a process may be told to hold itself to; the rest is noticed after the fact.
 * @param ownUsers whether each agent is a user of its own, whose processes the kernel then counts.
 */
export function openWatchDriver(ownUsers: boolean): LimitsDriver {
  const table = new ProcessTable();
  return {
    enforcement: { memory: 'watch', pids: ownUsers ? 'rlimit' : 'watch', cpu: 'nice', disk: 'watch' },
    selfLimits: (limits, uid) => [fileSizeLimit(limits), ...(uid === null ? [] : [processLimit(limits)])],
    refresh: () => table.refresh(),
    create: async (name) => new WatchedGroup(name, table),
    // Their processes are found by their markers, and nothing else is left of them.
    removeLeftovers: async () => 0,
    close: async () => {},
  };
}
