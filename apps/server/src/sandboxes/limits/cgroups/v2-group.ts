import { setTimeout as sleep } from 'node:timers/promises';
import type { Limits, ProcessGroup, Usage } from '../limits.ts';
import { figure, makeGroup, membersOf, readNumber, readText, removeGroup, write } from './cgroup-files.ts';
import { killMembers } from './kill-members.ts';

const MIB = 1024 * 1024;
const PERIOD_MICROS = 100_000;
const WEIGHT = 100;
const YIELDING_WEIGHT = 10;
const WAIT_ROUNDS_MAX = 500;
const WAIT_PAUSE_MS = 10;

/** A sandbox in a control group of version 2. */
export class V2Group implements ProcessGroup {
  readonly #place: string;

  constructor(place: string) {
    this.#place = place;
  }

  async make({ memoryMb, pids }: Limits): Promise<void> {
    await makeGroup(this.#place);
    await write(this.#place, 'memory.max', memoryMb * MIB);
    // No such file on a kernel without swap.
    await write(this.#place, 'memory.swap.max', 0).catch(() => {});
    await write(this.#place, 'pids.max', pids);
  }

  // It has better ways to know its own.
  mark(): void {}

  async join(pid: number): Promise<void> {
    await write(this.#place, 'cgroup.procs', pid);
  }

  async usage(): Promise<Usage> {
    const place = this.#place;
    const none = () => '';
    const [used, peak, most, memory, tasks, pids, cpu] = await Promise.all([
      readNumber(place, 'memory.current'),
      readNumber(place, 'memory.peak'),
      readNumber(place, 'memory.max'),
      readText(place, 'memory.events').catch(none),
      readNumber(place, 'pids.current'),
      readText(place, 'pids.events').catch(none),
      readText(place, 'cpu.stat').catch(none),
    ]);
    return {
      memoryBytes: used ?? 0,
      // Before Linux 5.19 nobody keeps the peak, but whether the limit was reached.
      memoryPeakBytes: peak ?? (figure(memory, 'max') > 0 ? (most ?? 0) : (used ?? 0)),
      memoryKills: figure(memory, 'oom_kill'),
      pids: tasks ?? 0,
      pidsRefused: pids === '' ? null : figure(pids, 'max'),
      cpuMicros: figure(cpu, 'usage_usec'),
    };
  }

  async throttle(percent: number | null): Promise<void> {
    const quota = percent === null ? 'max' : Math.round((PERIOD_MICROS * percent) / 100);
    await write(this.#place, 'cpu.max', `${quota} ${PERIOD_MICROS}`);
  }

  async yieldCpu(on: boolean): Promise<void> {
    await write(this.#place, 'cpu.weight', on ? YIELDING_WEIGHT : WEIGHT);
  }

  async killLargest(): Promise<boolean> {
    return false;
  }

  async freeze(): Promise<void> {
    await write(this.#place, 'cgroup.freeze', 1);
    await this.#until('frozen', 1);
  }

  async thaw(): Promise<void> {
    await write(this.#place, 'cgroup.freeze', 0);
  }

  async kill(): Promise<void> {
    if ((await membersOf(this.#place).catch(() => [])).length === 0) return;
    // Since Linux 5.14 one write ends all of them, those that are being born too.
    const atOnce = await write(this.#place, 'cgroup.kill', 1).then(
      () => true,
      () => false,
    );
    if (atOnce) return this.#until('populated', 0);
    await killMembers(this.#place, { hold: () => this.freeze().catch(() => {}), release: () => this.thaw() });
  }

  async close(): Promise<void> {
    await removeGroup(this.#place);
  }

  async #until(name: string, value: number): Promise<void> {
    for (let round = 0; round < WAIT_ROUNDS_MAX; round++) {
      if (figure(await readText(this.#place, 'cgroup.events'), name) === value) return;
      await sleep(WAIT_PAUSE_MS);
    }
    throw new Error(`failed to see ${name} ${value} in ${this.#place}`);
  }
}
