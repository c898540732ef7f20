import { setTimeout as sleep } from 'node:timers/promises';
import type { Limits, ProcessGroup, Usage } from '../limits.ts';
import { figure, makeGroup, membersOf, readNumber, readText, removeGroup, write } from './cgroup-files.ts';
import { killMembers } from './kill-members.ts';
import type { V1Places } from './v1-driver.ts';

const MIB = 1024 * 1024;
const PERIOD_MICROS = 100_000;
const SHARES = 1_024;
const YIELDING_SHARES = 102;
const FREEZE_ROUNDS_MAX = 200;
const FREEZE_PAUSE_MS = 10;

/** A sandbox in control groups of version 1. */
export class V1Group implements ProcessGroup {
  readonly #places: V1Places;
  readonly #all: string[];

  constructor(places: V1Places) {
    this.#places = places;
    this.#all = [...new Set(Object.values(places))];
  }

  async make({ memoryMb, pids }: Limits): Promise<void> {
    const { memory } = this.#places;
    for (const place of this.#all) await makeGroup(place);
    await write(memory, 'memory.limit_in_bytes', memoryMb * MIB);
    // A kernel without accounting of swap has no such file, and mostly a machine without swap.
    await write(memory, 'memory.memsw.limit_in_bytes', memoryMb * MIB).catch(() => {});
    await write(this.#places.pids, 'pids.max', pids);
  }

  // It has better ways to know its own.
  mark(): void {}

  async join(pid: number): Promise<void> {
    for (const place of this.#all) await write(place, 'cgroup.procs', pid);
  }

  async usage(): Promise<Usage> {
    const { memory, pids, cpuacct } = this.#places;
    const [used, peak, oom, tasks, events, nanos] = await Promise.all([
      readNumber(memory, 'memory.usage_in_bytes'),
      readNumber(memory, 'memory.max_usage_in_bytes'),
      readText(memory, 'memory.oom_control'),
      readNumber(pids, 'pids.current'),
      readText(pids, 'pids.events').catch(() => ''),
      readNumber(cpuacct, 'cpuacct.usage'),
    ]);
    return {
      memoryBytes: used ?? 0,
      memoryPeakBytes: peak ?? 0,
      memoryKills: figure(oom, 'oom_kill'),
      pids: tasks ?? 0,
      pidsRefused: events === '' ? null : figure(events, 'max'),
      cpuMicros: Math.round((nanos ?? 0) / 1_000),
    };
  }

  async throttle(percent: number | null): Promise<void> {
    const { cpu } = this.#places;
    await write(cpu, 'cpu.cfs_period_us', PERIOD_MICROS);
    await write(cpu, 'cpu.cfs_quota_us', percent === null ? -1 : Math.round((PERIOD_MICROS * percent) / 100));
  }

  async yieldCpu(on: boolean): Promise<void> {
    await write(this.#places.cpu, 'cpu.shares', on ? YIELDING_SHARES : SHARES);
  }

  async killLargest(): Promise<boolean> {
    return false;
  }

  async freeze(): Promise<void> {
    const { freezer } = this.#places;
    for (let round = 0; round < FREEZE_ROUNDS_MAX; round++) {
      // Written again and again: a process that was being born may have kept the group from freezing.
      await write(freezer, 'freezer.state', 'FROZEN');
      if ((await readText(freezer, 'freezer.state')).trim() === 'FROZEN') return;
      await sleep(FREEZE_PAUSE_MS);
    }
    throw new Error(`failed to freeze ${freezer}`);
  }

  async thaw(): Promise<void> {
    await write(this.#places.freezer, 'freezer.state', 'THAWED');
  }

  async kill(): Promise<void> {
    const { freezer } = this.#places;
    const hold = () => this.freeze().catch(() => {});
    if ((await membersOf(freezer).catch(() => [])).length === 0) return;
    // What is frozen dies only when it is thawed.
    await killMembers(freezer, { hold, release: () => this.thaw() });
  }

  async close(): Promise<void> {
    for (const place of this.#all) await removeGroup(place);
  }
}
