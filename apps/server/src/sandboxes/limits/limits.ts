import type { LimitsEnforcement } from '@aaas/contract/limits';

/** What one sandbox may use. Zero is nowhere a word for "no limit": every sandbox has all four. */
export interface Limits {
  memoryMb: number;
  /** Percent of one processor core. */
  cpuPercent: number;
  /** Processes and threads. */
  pids: number;
  diskMb: number;
}

/** What a sandbox uses at the moment of asking. Counters run from its beginning. */
export interface Usage {
  memoryBytes: number;
  memoryPeakBytes: number;
  /** Processes that were ended for memory. */
  memoryKills: number;
  /** Processes and threads. */
  pids: number;
  /** How often it was refused another process; null where nobody counts. */
  pidsRefused: number | null;
  cpuMicros: number;
}

// A storm of forks stands a little below its limit at times.
const CROWDED = 0.95;

export function isCrowded({ pids }: Usage, limits: Limits): boolean {
  return pids >= limits.pids * CROWDED;
}

/** The processes of one sandbox, held together by whatever the platform has for it. */
export interface ProcessGroup {
  /** What every process of it carries in its environment; said before there is one. */
  mark(marker: string): void;
  /** Takes a process in. All its children to come belong to the group as well. */
  join(pid: number): Promise<void>;
  usage(): Promise<Usage>;
  /** Holds the group to a share of processor time, in percent of a core, where there is a quota; null: no longer. */
  throttle(percent: number | null): Promise<void>;
  /** Lets everybody else go first where processor time is short, or no longer. */
  yieldCpu(on: boolean): Promise<void>;
  /** Ends the largest process but `spared`. False: the kernel does that itself, or there is no other. */
  killLargest(spared: number | null): Promise<boolean>;
  /** No process of the group runs until `thaw`. Resolves when all have stopped. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends every process, whatever they do meanwhile, and resolves when none is left. @throws when some will not end. */
  kill(): Promise<void>;
  /** Removes what stood for the empty group. */
  close(): Promise<void>;
}

/** How a node holds its sandboxes to their limits. */
export interface LimitsDriver {
  readonly enforcement: LimitsEnforcement;
  /** Limits that a process gives itself before it becomes the sandbox, as lines of a shell script. */
  selfLimits(limits: Limits, uid: number | null): string[];
  create(name: GroupName, limits: Limits): Promise<ProcessGroup>;
  /** Before each round of `usage`: measures everything once where measuring one is as dear as measuring all. */
  refresh(): Promise<void>;
  /** Ends and removes the groups that earlier lives of this node have left. @returns how many. */
  removeLeftovers(): Promise<number>;
  /** When no group is left. */
  close(): Promise<void>;
}

export interface GroupName {
  /** Unique on the node among all its lives; letters, digits, `_`, `.` and `-`. */
  id: string;
  /** The user that nobody else on this machine is; null: shared with others. */
  uid: number | null;
}
