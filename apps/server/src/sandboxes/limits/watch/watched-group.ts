import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProcesses, type ProcessQuery } from '../../reaper/find-processes.ts';
import { sweep } from '../../reaper/sweep.ts';
import type { GroupName, ProcessGroup, Usage } from '../limits.ts';
import type { ProcessTable, TableEntry } from './process-table.ts';

const NICE = 15;
const FREEZE_ROUNDS_MAX = 50;
const FREEZE_PAUSE_MS = 10;

/** A sandbox that nothing holds together but its marker, its user and who descends from whom. */
export class WatchedGroup implements ProcessGroup {
  #tree: ProcessQuery;
  readonly #table: ProcessTable;
  #peak = 0;
  #kills = 0;
  /** Time of processes that have ended, as far as it was seen. */
  #cpuOfTheDead = 0;
  #cpuOf = new Map<string, number>();

  constructor(name: GroupName, table: ProcessTable) {
    // Nobody carries this one.
    this.#tree = { marker: `${name.id}/`, uid: name.uid };
    this.#table = table;
  }

  mark(marker: string): void {
    this.#tree = { ...this.#tree, marker };
  }

  // The marker in its environment says where it belongs.
  async join(): Promise<void> {}

  async usage(): Promise<Usage> {
    const tree = this.#entries();
    const sum = (of: (entry: TableEntry) => number) => tree.reduce((total, entry) => total + of(entry), 0);
    const memoryBytes = sum((entry) => entry.memoryBytes);
    this.#peak = Math.max(this.#peak, memoryBytes);
    const now = new Map(tree.map((entry) => [`${entry.pid}/${entry.startTime}`, entry.cpuMicros]));
    for (const [key, micros] of this.#cpuOf) if (!now.has(key)) this.#cpuOfTheDead += micros;
    this.#cpuOf = now;
    return {
      memoryBytes,
      memoryPeakBytes: this.#peak,
      memoryKills: this.#kills,
      pids: sum((entry) => entry.threads),
      pidsRefused: null,
      cpuMicros: this.#cpuOfTheDead + sum((entry) => entry.cpuMicros),
    };
  }

  // There is no quota.
  async throttle(): Promise<void> {}

  /** Only root can take it back. */
  async yieldCpu(on: boolean): Promise<void> {
    for (const { pid } of this.#entries()) {
      try {
        setPriority(pid, on ? NICE : 0);
      } catch {
        // It has ended, or may not be lifted.
      }
    }
  }

  async killLargest(spared: number | null): Promise<boolean> {
    const others = this.#entries().filter((entry) => entry.pid !== spared);
    const largest = others.toSorted((a, b) => b.memoryBytes - a.memoryBytes)[0];
    const own = this.#entries().find((entry) => entry.pid === spared);
    // As the kernel would choose: the largest, and if that is the agent itself, the agent.
    if (!largest || largest.memoryBytes < (own?.memoryBytes ?? 0)) return false;
    if (!signal(largest.pid, 'SIGKILL')) return false;
    this.#kills++;
    return true;
  }

  async freeze(): Promise<void> {
    const stopped = new Set<number>();
    // Each round stops who was born during the one before; then nobody is left to beget.
    for (let round = 0; round < FREEZE_ROUNDS_MAX; round++) {
      const running = (await findProcesses(this.#tree)).filter((pid) => !stopped.has(pid));
      if (running.length === 0) return;
      for (const pid of running) if (signal(pid, 'SIGSTOP')) stopped.add(pid);
      await sleep(FREEZE_PAUSE_MS);
    }
    throw new Error(`failed to stop the processes of sandbox ${this.#tree.marker}`);
  }

  async thaw(): Promise<void> {
    for (const pid of await findProcesses(this.#tree)) signal(pid, 'SIGCONT');
  }

  async kill(): Promise<void> {
    await sweep(this.#tree);
  }

  async close(): Promise<void> {}

  #entries(): TableEntry[] {
    return this.#table.tree(this.#tree.marker, this.#tree.uid);
  }
}

/** @returns false when it has ended. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
