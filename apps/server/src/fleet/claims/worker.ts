import { setTimeout as sleep } from 'node:timers/promises';
import type { Harness } from '../../harness/harness.ts';
import type { TakeSnapshot } from '../../sessions/lifecycle/directory-snapshot.ts';
import { announceMoved } from '../../sessions/lifecycle/note-reason.ts';
import type { PlaceDirectory } from '../../sessions/lifecycle/place-directory.ts';
import type { RunnerBounds } from '../../sessions/lifecycle/runner-parts.ts';
import type { SandboxCare } from '../../sessions/lifecycle/sandbox-care.ts';
import { SessionRunner } from '../../sessions/lifecycle/session-runner.ts';
import type { SessionContext } from '../../sessions/session-context.ts';
import { noteDrained } from '../draining/note-drained.ts';
import type { FleetWatch } from '../placement/fleet-watch.ts';
import { sayHeld } from '../placement/say-held.ts';
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
  /** How long another node may be silent before its sessions are taken, in milliseconds. Read at each use. */
  goneAfterMs: number;
  /** Which sessions this node may take. */
  watch: FleetWatch;
  /** How long a lost hint may go unnoticed, in milliseconds. */
  pollMs?: number;
  removeDirectory(sessionId: string): Promise<void>;
  takeSnapshot?: TakeSnapshot;
  placeDirectory?: PlaceDirectory;
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
  /** Resolves when this node has looked for sessions to take for the first time, whether it found the database or not. */
  readonly firstLook: Promise<void>;
  #claiming: Promise<void> | null = null;
  #again = false;
  #room: NodeJS.Timeout | null = null;
  /** For those that were left to other nodes, which may not come. */
  #graceEnds: NodeJS.Timeout | null = null;
  /** Of those that wait, as last counted: what only other nodes may have. */
  #forOthers = 0;
  #tellOthers: (sessionId: string) => void = () => {};
  #looking: Promise<void> | null = null;
  #draining = false;
  #closing = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#poll = setInterval(() => {
      if (!options.mayAct()) return;
      this.#sleepIdle();
      this.#easeMemory();
      this.#wakeMine();
      void this.lookAround();
    }, options.pollMs ?? POLL_MS);
    this.firstLook = this.lookAround().then(() => this.#claiming ?? undefined);
  }

  /** Looks at how the fleet stands, does what follows, and claims. One look at a time. */
  lookAround(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error) => this.#options.ctx.log.error({ err: error }, 'failed to look at the fleet'))
      .finally(() => {
        this.#looking = null;
        this.#claim();
      });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { ctx, nodeId, watch } = this.#options;
    if (this.#closing || !this.#options.mayAct()) return;
    const { lost, putBack } = await watch.look();
    if (putBack !== null) this.#tellOthers(putBack);
    if (lost) await this.#releaseLost();
    if (this.#runners.size >= this.#options.bounds.slots && watch.workers > 1)
      await sayHeld(ctx, nodeId, watch.graceMs);
    if (watch.draining !== this.#draining) this.#changeDrain(watch.draining);
    if (this.#draining && !watch.drained && this.#runners.size === 0 && !this.#claiming)
      await noteDrained(ctx.pool, nodeId);
  }

  /** The node gives up what it has, or goes on with what it has not given up yet. */
  #changeDrain(draining: boolean): void {
    this.#draining = draining;
    this.#options.ctx.log.warn(
      { sessions: this.#runners.size },
      draining ? 'this node drains' : 'this node works again',
    );
    for (const { runner } of this.#runners.values()) {
      if (draining) runner.leave('node_drained');
      else runner.stay();
    }
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

  /** Who is told that others may take a session which this node had. A hint. */
  onLeft(tellOthers: (sessionId: string) => void): void {
    this.#tellOthers = tellOthers;
  }

  owns(sessionId: string): boolean {
    return this.#runners.has(sessionId);
  }

  /** Drains every session and resolves when none is owned and no process is left. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#poll);
    if (this.#room) clearTimeout(this.#room);
    if (this.#graceEnds) clearTimeout(this.#graceEnds);
    await this.#looking;
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
    if (this.#closing || this.#draining || !this.#options.mayAct()) return;
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
    const { ctx, nodeId, bounds, watch, mayAct } = this.#options;
    const free = Math.min(bounds.slots - this.#runners.size, CLAIMED_MAX);
    if (free <= 0 && this.line.ageMs < COUNT_MS) return this.#makeRoom();
    const counted = this.line.count();
    const line = free > 0 ? await watch.share() : null;
    const claims = free > 0 && !line?.nothing && mayAct();
    const busy = busyPlaces(this.#runners.values());
    const claimed = claims ? await claimSessions(ctx.pool, nodeId, free, busy, watch.offer, line?.share ?? null) : [];
    for (const owned of claimed) this.#run(owned);
    if (line?.others && claimed.length < free) this.#claimAfterGrace(line.share.graceMs);
    // A place that stays free says that nobody waits.
    this.#again ||= claimed.length === CLAIMED_MAX;
    if (claimed.length < free) counted(0);
    else {
      const { waiting, others } = await countWaiting(ctx.pool, bounds.maxWaiting + bounds.slots, nodeId, watch.offer);
      this.#forOthers = others;
      counted(waiting);
    }
    this.#makeRoom();
  }

  #claimAfterGrace(graceMs: number): void {
    this.#graceEnds ??= setTimeout(() => {
      this.#graceEnds = null;
      this.#claim();
    }, graceMs);
  }

  /** A hint may have been lost; and who may not be here any more leaves when its turn has ended. */
  #wakeMine(): void {
    const { ctx, nodeId, watch } = this.#options;
    findMine(ctx.pool, nodeId, watch.offer).then(
      (mine) => {
        for (const { sessionId, runnable, misplaced } of mine) {
          const runner = this.#runners.get(sessionId)?.runner;
          if (misplaced) runner?.yieldPlace('placement_changed');
          else if (runnable) runner?.wake();
        }
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
    const { ctx, bounds, watch } = this.#options;
    // Other nodes make room for their part.
    const waiting = Math.ceil(Math.max(0, this.line.length - this.#forOthers) / watch.workers);
    const wanted = waiting - Math.max(0, bounds.slots - this.#runners.size);
    if (wanted <= 0 || this.#closing || this.#draining || !this.#options.mayAct()) return;
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
    const { ctx, harness, bounds, care, removeDirectory, takeSnapshot, placeDirectory } = this.#options;
    const parts = {
      ...{ harness, bounds, care, removeDirectory },
      ...(takeSnapshot ? { takeSnapshot } : {}),
      ...(placeDirectory ? { placeDirectory } : {}),
    };
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
        if (this.#draining) {
          this.#tellOthers(owned.sessionId);
          if (this.#runners.size === 0) void this.lookAround();
        }
        this.#claim();
      });
    // Claimed before it was said.
    if (this.#draining) runner.leave('node_drained');
  }

  async #releaseLost(): Promise<void> {
    const { ctx, nodeId, goneAfterMs } = this.#options;
    const { nodes, open, asleep } = await takeFromLostNodes(ctx.pool, nodeId, goneAfterMs);
    if (nodes.length === 0) return;
    announceMoved(ctx, asleep);
    if (open[0]) this.#tellOthers(open[0]);
    ctx.log.warn({ nodes, open: open.length, asleep: asleep.length }, 'took the sessions of lost nodes');
  }
}
