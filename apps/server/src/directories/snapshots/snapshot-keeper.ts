import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionContext } from '../../sessions/session-context.ts';
import { findUnsaved, type Unsaved } from './find-unsaved.ts';
import { type StoreOptions, storeSnapshot } from './store-snapshot.ts';

export interface KeeperOptions extends StoreOptions {
  settings: StoreOptions['settings'] & { SNAPSHOT_INTERVAL: number; DRAIN_TIMEOUT: number };
  /** The node holds its lease. */
  mayAct(): boolean;
}

const LOOK_EVERY_MS = 1_000;
const AT_ONCE = 4;
const AGAIN_MS = { first: 2_000, last: 60_000 };
const LEAVE_LOOK_MS = 200;
/** At the end of the node, whatever DRAIN_TIMEOUT says. */
const LEAVE_WITHIN_MS = 15_000;

/**
 * Keeps what lies in the directories of this node in the store: of sessions that are awake now and then, of those that
 * sleep or work elsewhere at once. The rows say what is to be done, so that nothing is forgotten.
 */
export class SnapshotKeeper {
  readonly #options: KeeperOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #closing = new AbortController();
  readonly #underWay = new Map<string, Promise<void>>();
  /** When those that could not be stored are tried again, and how long they waited before. */
  readonly #later = new Map<string, { at: number; pauseMs: number; hopeless: boolean }>();
  #looking: Promise<void> | null = null;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      // One look at a time: two would find the same sessions.
      if (this.#looking || !options.mayAct() || this.#underWay.size >= AT_ONCE) return;
      this.#looking = this.#look().finally(() => {
        this.#looking = null;
      });
    }, LOOK_EVERY_MS);
  }

  /** Stores what is left, as long as a drain may take. The sessions of this node were given up before. */
  async close(): Promise<void> {
    const { ctx, settings } = this.#options;
    clearInterval(this.#timer);
    await this.#looking;
    const deadline = performance.now() + Math.max(settings.DRAIN_TIMEOUT * 1000, LEAVE_WITHIN_MS);
    this.#later.clear();
    let left = await this.#find();
    const hopes = () => left.length + this.#underWay.size > 0 || [...this.#later.values()].some((one) => !one.hopeless);
    while (hopes() && performance.now() < deadline) {
      for (const unsaved of left.slice(0, AT_ONCE - this.#underWay.size)) this.#begin(unsaved);
      await Promise.race([...this.#underWay.values(), sleep(LEAVE_LOOK_MS)]);
      left = await this.#find();
    }
    this.#closing.abort();
    await Promise.all(this.#underWay.values());
    const missed = [...this.#later.keys()];
    if (left.length + missed.length > 0) {
      const sessions = [...left.map(({ sessionId }) => sessionId), ...missed].slice(0, 50);
      ctx.log.error({ sessions }, 'directories of this node were not stored before it ended');
    }
  }

  async #look(): Promise<void> {
    for (const unsaved of (await this.#find()).slice(0, AT_ONCE - this.#underWay.size)) this.#begin(unsaved);
  }

  async #find(): Promise<Unsaved[]> {
    const { ctx, site, settings } = this.#options;
    const now = performance.now();
    const waiting = [...this.#later].filter(([, { at }]) => at > now).map(([sessionId]) => sessionId);
    const except = [...waiting, ...this.#underWay.keys()];
    const options = { except, intervalSeconds: settings.SNAPSHOT_INTERVAL, limit: AT_ONCE };
    return await findUnsaved(ctx.pool, site.nodeId, options).catch((error) => {
      ctx.log.warn({ error: error.message }, 'failed to look for directories to store');
      return [];
    });
  }

  #begin(unsaved: Unsaved): void {
    const { sessionId } = unsaved;
    const done = this.#store(unsaved).finally(() => this.#underWay.delete(sessionId));
    this.#underWay.set(sessionId, done);
  }

  async #store(unsaved: Unsaved): Promise<void> {
    const { ctx } = this.#options;
    const { sessionId } = unsaved;
    const began = performance.now();
    const took = () => (performance.now() - began) / 1000;
    try {
      const { outcome, bytes } = await storeSnapshot(this.#options, unsaved, this.#closing.signal);
      ctx.metrics.directoryStored(outcome, took(), bytes);
      if (outcome === 'stored') {
        ctx.log.info({ session_id: sessionId, bytes, duration_ms: Math.round(took() * 1000) }, 'stored a directory');
      }
      if (outcome === 'unstorable') this.#tellUnstorable(ctx, unsaved);
      if (outcome === 'stored' || outcome === 'unchanged') this.#later.delete(sessionId);
      else this.#putOff(sessionId, outcome === 'unstorable');
    } catch (error) {
      ctx.metrics.directoryStored('failed', took(), 0);
      ctx.log.warn({ err: error, session_id: sessionId }, 'failed to store the directory of a session; trying again');
      this.#putOff(sessionId, false);
    }
  }

  #tellUnstorable(ctx: SessionContext, { sessionId, snapshot }: Unsaved): void {
    if (!snapshot?.unstorable)
      ctx.log.warn({ session_id: sessionId }, 'the directory of a session is not stored: it is too large');
  }

  #putOff(sessionId: string, hopeless: boolean): void {
    const before = this.#later.get(sessionId)?.pauseMs;
    const pauseMs = hopeless ? AGAIN_MS.last : Math.min(before ? before * 2 : AGAIN_MS.first, AGAIN_MS.last);
    this.#later.set(sessionId, { at: performance.now() + pauseMs, pauseMs, hopeless });
  }
}
