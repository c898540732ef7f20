import { setTimeout as sleep } from 'node:timers/promises';
import type { Harness } from '../../harness/harness.ts';
import type { TakeSnapshot } from '../../sessions/lifecycle/directory-snapshot.ts';
import type { RunnerBounds } from '../../sessions/lifecycle/runner-parts.ts';
import type { SandboxCare } from '../../sessions/lifecycle/sandbox-care.ts';
import { SessionRunner } from '../../sessions/lifecycle/session-runner.ts';
import type { SessionContext } from '../../sessions/session-context.ts';
import { CLAIMED_MAX, type ClaimedSession, claimSessions, countWaiting, findMine } from './claim-sessions.ts';
import { busyPlaces, makeRoom, type Place, timedOut } from './places.ts';
import { takeFromLostNodes } from './release-lost.ts';
import { WaitingLine } from './waiting-line.ts';

/** Read at each use: they change while the node runs. */
export interface WorkerBounds extends RunnerBounds {
  /** Sessions that this node may own at once. */
  slots: number;
  /** How long a process may wait for work before it is put to sleep, in milliseconds; null: for ever. */
  idleMs: number | null;
  /** How long an idle process keeps its place though others wait for one, in milliseconds. */
  graceMs: number;
  /** How long one that works keeps its place though others wait for one, in milliseconds. */
  placeMs: number;
  /** Sessions that may wait for a place. */
  maxWaiting: number;
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
  /** How long a lost hint may go unnoticed, in milliseconds. */
  pollMs?: number;
  removeDirectory(sessionId: string): Promise<void>;
  takeSnapshot?: TakeSnapshot;
  /** Whether idle processes are to sleep for want of memory. */
  memoryShort?(): boolean;
}

// Hints come at once.
const POLL_MS = 1_000;
// What a drained session gets to end its process and to say so in its row.
const LEAVE_MS = 15_000;
/** Those that wait are counted no more often than this, unless a place is free. */
const COUNT_MS = 200;
/** Idle processes that sleep at one look when memory is short: what they held is seen before more are asked. */
const SLEEPS_AT_ONCE = 2;

interface Held extends Place {
  runner: SessionRunner;
}

/** Owns sessions on this node: claims those that have work while it has free slots, and runs each. */
export class Worker {
  readonly #options: WorkerOptions;
  /** Sessions that wait for a place anywhere, as far as this node knows. */
  readonly line = new WaitingLine();
  readonly #runners = new Map<string, Held>();
  readonly #poll: NodeJS.Timeout;
  readonly #watch: NodeJS.Timeout;
  /** Resolves when this node has looked for sessions to take for the first time, whether it found the database or not. */
  readonly firstLook: Promise<void>;
  #claiming: Promise<void> | null = null;
  #again = false;
  #room: NodeJS.Timeout | null = null;
  #closing = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#poll = setInterval(() => {
      if (!options.mayAct()) return;
      this.#sleepIdle();
      this.#easeMemory();
      this.#wakeMine();
      this.#claim();
    }, options.pollMs ?? POLL_MS);
    this.#watch = setInterval(() => this.#releaseLost(), options.leaseTtlMs / 2);
    this.#claim();
    this.firstLook = Promise.resolve(this.#claiming ?? undefined);
  }

  /** How many sessions this node owns. */
  get owned(): number {
    return this.#runners.size;
  }

  /** How the sessions of this node are, by what their places are used for. */
  get places(): { idle: number; working: number } {
    const idle = [...this.#runners.values()].filter((held) => held.idleSince !== null).length;
    return { idle, working: this.#runners.size - idle };
  }

  /**
   * A session has something to do: its runner looks again, or somebody claims it.
   * @returns whether it is owned here.
   */
  wake(sessionId: string): boolean {
    const held = this.#runners.get(sessionId);
    if (held) held.runner.wake();
    else {
      this.line.join();
      this.#claim();
    }
    return held !== undefined;
  }

  owns(sessionId: string): boolean {
    return this.#runners.has(sessionId);
  }

  /** Drains every session and resolves when none is owned and no process is left. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#poll);
    clearInterval(this.#watch);
    if (this.#room) clearTimeout(this.#room);
    await this.#claiming;
    for (const { runner } of this.#runners.values()) runner.leave('node_drained');
    const left = Promise.all([...this.#runners.values()].map(({ runner }) => runner.done));
    const { ctx, bounds } = this.#options;
    const late = sleep(bounds.drainMs + LEAVE_MS, 'late' as const, { ref: false });
    if ((await Promise.race([left, late])) !== 'late') return;
    ctx.log.error('the sessions of this node could not be given up in order: the next start takes them over');
    await this.forsake();
  }

  /** Others have taken the sessions: ends what runs here for them and resolves when no process is left of it. */
  async forsake(): Promise<void> {
    await this.#claiming;
    for (const { runner } of this.#runners.values()) runner.fence();
    await Promise.allSettled([...this.#runners.values()].map(({ runner }) => runner.done));
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
    const free = Math.min(bounds.slots - this.#runners.size, CLAIMED_MAX);
    if (free <= 0 && this.line.ageMs < COUNT_MS) return this.#makeRoom();
    const counted = this.line.count();
    const claimed = free > 0 ? await claimSessions(ctx.pool, nodeId, free, busyPlaces(this.#runners.values())) : [];
    for (const owned of claimed) this.#run(owned);
    // A place that stays free says that nobody waits.
    this.#again ||= claimed.length === CLAIMED_MAX;
    counted(claimed.length < free ? 0 : await countWaiting(ctx.pool, bounds.maxWaiting + bounds.slots));
    this.#makeRoom();
  }

  /** A hint may have been lost. */
  #wakeMine(): void {
    const { ctx, nodeId } = this.#options;
    findMine(ctx.pool, nodeId).then(
      (mine) => {
        for (const sessionId of mine) this.#runners.get(sessionId)?.runner.wake();
      },
      (error) => ctx.log.error({ err: error }, 'failed to look for work'),
    );
  }

  /** Those that nobody has talked to for long enough sleep until the next message. */
  #sleepIdle(): void {
    const { ctx, bounds } = this.#options;
    for (const held of timedOut(this.#runners.values(), ctx.now().getTime(), bounds.idleMs))
      held.runner.leave('idle_timeout');
  }

  /** When memory is short, the longest idle sleep before their time. */
  #easeMemory(): void {
    const { ctx, bounds, memoryShort } = this.#options;
    if (!memoryShort?.()) return;
    const { sleep } = makeRoom(this.#runners.values(), SLEEPS_AT_ONCE, ctx.now().getTime(), bounds);
    for (const held of sleep) held.runner.leave('memory_short');
  }

  /** Whoever can best do without gives up a place for those that wait. */
  #makeRoom(): void {
    const { ctx, bounds } = this.#options;
    const wanted = this.line.length - Math.max(0, bounds.slots - this.#runners.size);
    if (wanted <= 0 || this.#closing || !this.#options.mayAct()) return;
    const now = ctx.now().getTime();
    const room = makeRoom(this.#runners.values(), wanted, now, bounds);
    for (const held of room.sleep) held.runner.leave('slot_needed');
    for (const held of room.yield) held.runner.yieldPlace();
    if (room.again === null) return;
    this.#room ??= setTimeout(
      () => {
        this.#room = null;
        this.#makeRoom();
      },
      Math.max(0, room.again - now),
    );
  }

  #run(owned: ClaimedSession): void {
    const { ctx, nodeId: _node, leaseTtlMs: _lease, pollMs: _poll, memoryShort: _short, ...parts } = this.#options;
    const runner = new SessionRunner({ ctx, owned, ...parts, onIdle: () => this.#makeRoom() });
    this.#runners.set(owned.sessionId, {
      runner,
      workspaceId: owned.workspaceId,
      get busySince() {
        return runner.busySince;
      },
      get idleSince() {
        return runner.idleSince;
      },
      get idleTimeoutSeconds() {
        return runner.idleTimeoutSeconds;
      },
      get leaving() {
        return runner.leaving;
      },
    });
    runner.done
      .catch((error) => ctx.log.error({ err: error, session_id: owned.sessionId }, 'session runner failed'))
      .finally(() => {
        if (this.#runners.get(owned.sessionId)?.runner === runner) this.#runners.delete(owned.sessionId);
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
