import { setTimeout as sleep } from 'node:timers/promises';
import type { Harness } from '../../harness/harness.ts';
import type { RunnerBounds } from '../../sessions/lifecycle/runner-parts.ts';
import type { SandboxCare } from '../../sessions/lifecycle/sandbox-care.ts';
import { SessionRunner } from '../../sessions/lifecycle/session-runner.ts';
import type { OwnedSession, SessionContext } from '../../sessions/session-context.ts';
import { claimSessions, findRunnable } from './claim-sessions.ts';
import { takeFromLostNodes } from './release-lost.ts';

/** Read at each use: they change while the node runs. */
export interface WorkerBounds extends RunnerBounds {
  /** Sessions that this node may own at once. */
  slots: number;
  /** How long a process may wait for work before it is put to sleep, in milliseconds; null: for ever. */
  idleMs: number | null;
}

export interface WorkerOptions {
  ctx: SessionContext;
  nodeId: string;
  harness: Harness;
  bounds: WorkerBounds;
  care: SandboxCare;
  /** The node holds its lease. */
  mayAct(): boolean;
  leaseTtlMs: number;
  removeDirectory(sessionId: string): Promise<void>;
}

// Hints come at once; this is how long a lost one may go unnoticed.
const POLL_MS = 1_000;
// What a drained session gets to end its process and to say so in its row.
const LEAVE_MS = 15_000;

/** Owns sessions on this node: claims those that have work while it has free slots, and runs each. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #runners = new Map<string, SessionRunner>();
  readonly #poll: NodeJS.Timeout;
  readonly #watch: NodeJS.Timeout;
  /** Resolves when this node has looked for sessions to take for the first time, whether it found the database or not. */
  readonly firstLook: Promise<void>;
  #claiming: Promise<void> | null = null;
  #again = false;
  #closing = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#poll = setInterval(() => {
      if (!options.mayAct()) return;
      this.#sleepIdle();
      this.#claim();
    }, POLL_MS);
    this.#watch = setInterval(() => this.#releaseLost(), options.leaseTtlMs / 2);
    this.#claim();
    this.firstLook = Promise.resolve(this.#claiming ?? undefined);
  }

  /** How many sessions this node owns. */
  get owned(): number {
    return this.#runners.size;
  }

  /**
   * A session has something to do: its runner looks again, or somebody claims it.
   * @returns whether it is owned here.
   */
  wake(sessionId: string): boolean {
    const runner = this.#runners.get(sessionId);
    if (runner) runner.wake();
    else this.#claim();
    return runner !== undefined;
  }

  /** Drains every session and resolves when none is owned and no process is left. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#poll);
    clearInterval(this.#watch);
    await this.#claiming;
    for (const runner of this.#runners.values()) runner.leave('node_drained');
    const left = Promise.all([...this.#runners.values()].map((runner) => runner.done));
    const { ctx, bounds } = this.#options;
    const late = sleep(bounds.drainMs + LEAVE_MS, 'late' as const, { ref: false });
    if ((await Promise.race([left, late])) !== 'late') return;
    ctx.log.error('the sessions of this node could not be given up in order: the next start takes them over');
    await this.forsake();
  }

  /** Others have taken the sessions: ends what runs here for them and resolves when no process is left of it. */
  async forsake(): Promise<void> {
    await this.#claiming;
    for (const runner of this.#runners.values()) runner.fence();
    await Promise.allSettled([...this.#runners.values()].map((runner) => runner.done));
  }

  /** One claim at a time; a hint that comes meanwhile makes one more. */
  #claim(): void {
    if (this.#closing || !this.#options.mayAct()) return;
    if (this.#claiming) {
      this.#again = true;
      return;
    }
    this.#claiming = this.#claimOnce()
      .catch((error) => this.#options.ctx.log.error({ err: error }, 'failed to claim sessions'))
      .finally(() => {
        this.#claiming = null;
        if (this.#again) {
          this.#again = false;
          this.#claim();
        }
      });
  }

  async #claimOnce(): Promise<void> {
    const { ctx, nodeId, bounds } = this.#options;
    const free = bounds.slots - this.#runners.size;
    if (free > 0) {
      const claimed = await claimSessions(ctx.pool, nodeId, free);
      for (const owned of claimed) this.#run(owned);
    }
    const { waiting, mine } = await findRunnable(ctx.pool, nodeId);
    for (const sessionId of mine) this.#runners.get(sessionId)?.wake();
    if (waiting > 0) this.#makeRoom(waiting);
  }

  /** Those that nobody has talked to for long enough sleep until the next message. */
  #sleepIdle(): void {
    const { ctx, bounds } = this.#options;
    if (bounds.idleMs === null) return;
    const before = ctx.now().getTime() - bounds.idleMs;
    for (const runner of this.#runners.values()) {
      if (runner.idleSince !== null && runner.idleSince <= before) runner.leave('idle_timeout');
    }
  }

  /** Those that wait longest for work give up their places. */
  #makeRoom(wanted: number): void {
    const idle = [...this.#runners.values()].filter((runner) => runner.idleSince !== null);
    idle.sort((a, b) => (a.idleSince ?? 0) - (b.idleSince ?? 0));
    for (const runner of idle.slice(0, wanted)) runner.leave('slot_needed');
  }

  #run(owned: OwnedSession): void {
    const { ctx, harness, bounds, care, removeDirectory } = this.#options;
    const runner = new SessionRunner({ ctx, owned, harness, bounds, care, removeDirectory });
    this.#runners.set(owned.sessionId, runner);
    runner.done
      .catch((error) => ctx.log.error({ err: error, session_id: owned.sessionId }, 'session runner failed'))
      .finally(() => {
        if (this.#runners.get(owned.sessionId) === runner) this.#runners.delete(owned.sessionId);
        this.#claim();
      });
  }

  async #releaseLost(): Promise<void> {
    const { ctx, nodeId, leaseTtlMs, mayAct } = this.#options;
    if (!mayAct()) return;
    try {
      const { nodes, released } = await takeFromLostNodes(ctx.pool, nodeId, leaseTtlMs);
      if (released > 0) {
        ctx.log.warn({ nodes, released }, 'took the sessions of lost nodes');
        this.#claim();
      }
    } catch (error) {
      ctx.log.error({ err: error }, 'failed to look for lost nodes');
    }
  }
}
