import { type Breach, type LimitEvent, memoryEvent, pidsEvent } from './breach.ts';
import { gated } from './gate.ts';
import { isCrowded, type Limits, type ProcessGroup, type Usage } from './limits.ts';

const REFUSED_JUST_NOW_MS = 10_000;

export interface EnclosureOptions {
  /** Unique on the node among all its lives. */
  id: string;
  sessionId: string;
  group: ProcessGroup;
  limits: Limits;
  killsCounted: boolean;
  /** Lines of a shell script; see LimitsDriver. */
  selfLimits: string[];
  /** The directory whose size is limited. */
  directory: string;
  /** Somebody must hear of this: the log of the session, the metrics. */
  tell(event: LimitEvent): void;
  /** It is closed and watched no longer. */
  onClosed(enclosure: Enclosure): void;
}

/** One sandbox within its limits: its processes live in `group`, and nothing of it is left after `close`. */
export class Enclosure {
  readonly id: string;
  sessionId: string;
  readonly limits: Limits;
  directory: string;
  /** Whether its kills for want of memory are counted for it alone. */
  readonly killsCounted: boolean;
  /** Of the agent itself. */
  pid: number | null = null;
  frozen = false;
  readonly #options: EnclosureOptions;
  #breach: Breach | null = null;
  #killsTold = 0;
  #refused = 0;
  #refusedAt = -Infinity;
  #closed = false;

  constructor(options: EnclosureOptions) {
    const { id, sessionId, limits, directory } = options;
    this.id = id;
    this.sessionId = sessionId;
    this.limits = limits;
    this.directory = directory;
    this.killsCounted = options.killsCounted;
    this.#options = options;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** It works for this session from now on, in this directory. */
  adopt(sessionId: string, directory: string): void {
    this.sessionId = sessionId;
    this.directory = directory;
  }

  /** The command that becomes the program once `admit` has let it in and GATE_DESCRIPTOR has been written to. */
  launch(program: { command: string; args: string[] }, marker: string): { command: string; args: string[] } {
    this.#options.group.mark(marker);
    return gated(program, this.#options.selfLimits);
  }

  /** Takes a process in that waits, or that stands around one which does. */
  async admit(pid: number): Promise<void> {
    await this.#options.group.join(pid);
  }

  async usage(): Promise<Usage> {
    const usage = await this.#options.group.usage();
    const { pidsRefused } = usage;
    // Where nobody counts refusals, whoever stands at the limit is being refused.
    const refused = pidsRefused === null ? isCrowded(usage, this.limits) : pidsRefused > this.#refused;
    this.#refused = pidsRefused ?? 0;
    if (refused) this.#refusedAt = performance.now();
    return usage;
  }

  /** Holds it to its share of processor time, or no longer. */
  throttle(on: boolean): Promise<void> {
    return this.#options.group.throttle(on ? this.limits.cpuPercent : null);
  }

  /** Lets the others go first, or no longer. */
  yieldCpu(on: boolean): Promise<void> {
    return this.#options.group.yieldCpu(on);
  }

  tell(event: LimitEvent): void {
    this.#options.tell(event);
  }

  /** Tells of processes that were ended for memory, the agent itself being alive. @returns what was told. */
  async tellKills(): Promise<LimitEvent | null> {
    const usage = await this.usage();
    if (this.untoldKills(usage) <= 0) return null;
    this.killsTold(usage);
    const event = memoryEvent('process_killed', this.limits, usage);
    this.tell(event);
    return event;
  }

  /** Processes of it that were ended for memory and of which nobody has been told. */
  untoldKills({ memoryKills }: Usage): number {
    return memoryKills - this.#killsTold;
  }

  killsTold({ memoryKills }: Usage): void {
    this.#killsTold = memoryKills;
  }

  /** Ends its largest process, or all of it when that is the agent itself. */
  async killLargest(breach: Breach): Promise<void> {
    if (!(await this.#options.group.killLargest(this.pid))) await this.end(breach);
  }

  /** Ends it for what it did. */
  async end(breach: Breach): Promise<void> {
    if (this.#breach || this.#closed) return;
    this.#breach = breach;
    this.tell(breach.event);
    await this.kill();
  }

  /** Its first process has ended: whether that was for a limit. Ask before `close`. */
  async breachOf(exit: { code: number | null; signal: string | null }): Promise<Breach | null> {
    if (this.#breach || this.#closed || exit.code === 0) return this.#breach;
    const usage = await this.usage().catch(() => null);
    if (usage) this.#breach ??= this.#breachIn(usage, exit);
    if (this.#breach) this.tell(this.#breach.event);
    return this.#breach;
  }

  #breachIn(usage: Usage, { code, signal }: { code: number | null; signal: string | null }): Breach | null {
    // A shell or a namespace around the agent tells of a signal by an exit code.
    const killed = signal === 'SIGKILL' || code === 128 + 9;
    if (killed && this.untoldKills(usage) > 0) {
      this.killsTold(usage);
      const event = memoryEvent('sandbox_killed', this.limits, usage);
      return { resource: event.resource, event };
    }
    // Who gets no thread when it needs one gives up.
    const refused = performance.now() - this.#refusedAt < REFUSED_JUST_NOW_MS;
    const gaveUp = signal === 'SIGABRT' || signal === 'SIGTRAP' || (code !== null && signal === null && !killed);
    return refused && gaveUp
      ? { resource: 'pids', event: pidsEvent('sandbox_killed', this.limits, this.limits.pids) }
      : null;
  }

  /** No process of it runs until `thaw`. */
  async freeze(): Promise<void> {
    this.frozen = true;
    await this.#options.group.freeze();
  }

  async thaw(): Promise<void> {
    await this.#options.group.thaw();
    this.frozen = false;
  }

  /** Ends every process and resolves when none is left. */
  async kill(): Promise<void> {
    await this.#options.group.kill();
  }

  /** Ends what is left of it and gives back what it took of the platform. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.onClosed(this);
    await this.#options.group.kill();
    await this.#options.group.close();
  }
}
