import type { Logger } from 'pino';
import { isWithin, type UidRange } from './find-processes.ts';
import { type OwnedSandbox, ownedSandboxes } from './owned-sandboxes.ts';
import { nodeMarker } from './sandbox-marker.ts';
import { type SeenProcess, scanProcesses } from './scan-processes.ts';
import { sweepFound } from './sweep.ts';

export interface ReaperOptions {
  nodeId: string;
  /** The users of this node's agents by now; null: they have none of their own. */
  uids(): UidRange | null;
  /** Between two rounds, in milliseconds, at the moment of asking. */
  everyMs(): number;
  onReaped(processes: number): void;
  log: Logger;
}

/**
 * Kills what belongs to this node's agents and has no owner in it: left by an earlier life, by a sandbox that could not
 * be ended, or by a process that has thrown its marker away. Never what names another node: that is another server's.
 */
export class Reaper {
  readonly #options: ReaperOptions;
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** One round now. @returns how many processes were killed. @throws when some outlive it. */
  async reap(): Promise<number> {
    const reaped = await sweepFound(() => this.#findOrphans(), 'agents without an owner');
    if (reaped > 0) this.#options.onReaped(reaped);
    return reaped;
  }

  /** From now on a round each time. */
  start(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.#reapAndTell().finally(() => {
        if (!this.#closed) this.start();
      });
    }, this.#options.everyMs());
    this.#timer.unref();
  }

  /** The process trees of this node's agents that there are, owned or not. */
  async observed(): Promise<number> {
    const seen = (await scanProcesses()).filter((process) => this.#isOurs(process));
    const trees = seen.flatMap(({ marker }) => marker ?? []);
    const users = new Set(seen.filter(({ marker }) => marker !== null).map(({ uid }) => uid));
    // Without a marker a process counts for the tree of its user, or for one of its own.
    const strange = seen.filter(({ marker, uid }) => marker === null && !users.has(uid)).map(({ uid }) => uid);
    return new Set(trees).size + new Set(strange).size;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#round;
  }

  async #reapAndTell(): Promise<void> {
    const { log } = this.#options;
    try {
      const reaped = await this.reap();
      if (reaped > 0) log.warn({ reaped }, 'killed processes of agents that had no owner');
    } catch (error) {
      log.error({ err: error }, 'failed to kill processes of agents that have no owner');
    }
  }

  async #findOrphans(): Promise<number[]> {
    const seen = await scanProcesses();
    // Read after the processes: what was spawned meanwhile is owned already.
    const owned = ownedSandboxes();
    return seen.filter((process) => this.#isOurs(process) && !isOwned(process, owned)).map(({ pid }) => pid);
  }

  #isOurs({ marker, uid, pid }: SeenProcess): boolean {
    if (pid === process.pid) return false;
    return marker === null ? isWithin(this.#options.uids(), uid) : marker.startsWith(nodeMarker(this.#options.nodeId));
  }
}

function isOwned({ marker, uid }: SeenProcess, owned: OwnedSandbox[]): boolean {
  return owned.some((sandbox) => (marker === null ? sandbox.uid === uid : sandbox.marker === marker));
}
