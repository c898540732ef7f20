import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { diskEvent } from '../breach.ts';
import type { Enclosure } from '../enclosure.ts';
import { diskUsage } from './disk-usage.ts';

const MIB = 1024 * 1024;
const LOOK_EVERY_MS = 1_000;
// So much less room on the whole disk since the last round, and the next round begins at once.
const ALARM_BYTES = 64 * MIB;
// A directory that is slow to measure is measured less often: this share of the time goes into it at most.
const DUTY = 0.1;
const REMEMBERED_MAX = 10_000;

export interface DiskWatchOptions {
  enclosures: ReadonlySet<Enclosure>;
  dataDir: string;
  /** Between two rounds, in milliseconds; read at each use. */
  everyMs(): number;
  log: Logger;
}

/**
 * Measures the directories of sandboxes that have worked since they were last measured, and ends those whose files
 * have grown over the limit. Who was ended for it may go on, to clear away, as long as it does not grow further.
 */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  /** By enclosure: processor time when it was last measured, and when it may be measured again. */
  readonly #measured = new WeakMap<Enclosure, { cpuMicros: number; notBefore: number }>();
  /** What sessions that were over their limit may take all the same, in bytes. */
  readonly #allowed = new Map<string, number>();
  readonly #closing = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
    this.#done = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const { dataDir, everyMs, enclosures } = this.#options;
    let free = Infinity;
    for (let last = 0; !signal.aborted; ) {
      await sleep(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
      if (enclosures.size === 0 || signal.aborted) continue;
      const now = await freeBytes(dataDir);
      if (performance.now() - last < everyMs() && now > free - ALARM_BYTES) continue;
      free = now;
      last = performance.now();
      for (const enclosure of [...enclosures]) if (!signal.aborted) await this.#measure(enclosure);
    }
  }

  async #measure(enclosure: Enclosure): Promise<void> {
    try {
      if (enclosure.pid === null || enclosure.closed) return;
      const { cpuMicros } = await enclosure.usage();
      const before = this.#measured.get(enclosure);
      const now = performance.now();
      // Who has not run has written nothing.
      if (before && (before.cpuMicros === cpuMicros || now < before.notBefore)) return;
      const used = await diskUsage(enclosure.directory);
      const tookMs = performance.now() - now;
      this.#measured.set(enclosure, { cpuMicros, notBefore: performance.now() + tookMs / DUTY - tookMs });
      await this.#judge(enclosure, used);
    } catch (error) {
      if (enclosure.closed) return;
      this.#measured.set(enclosure, { cpuMicros: -1, notBefore: performance.now() + 600_000 });
      this.#options.log.error({ err: error, session_id: enclosure.sessionId }, 'failed to measure a directory');
    }
  }

  async #judge(enclosure: Enclosure, used: number): Promise<void> {
    const limit = enclosure.limits.diskMb * MIB;
    const { sessionId } = enclosure;
    if (used <= limit) {
      this.#allowed.delete(sessionId);
      return;
    }
    const allowed = this.#allowed.get(sessionId);
    // A little more, for what the agent writes about its own work.
    const slack = Math.max(16 * MIB, limit / 20);
    if (allowed === undefined || used > allowed) {
      if (this.#allowed.size === REMEMBERED_MAX) this.#allowed.clear();
      this.#allowed.set(sessionId, used + slack);
      await enclosure.end({ resource: 'disk', event: diskEvent(enclosure.limits, used) });
    } else this.#allowed.set(sessionId, Math.min(allowed, used + slack));
  }
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
