import { setTimeout as sleep } from 'node:timers/promises';
import type { LimitsEnforcement } from '@aaas/contract/limits';
import type { Logger } from 'pino';
import type { Enclosure } from '../enclosure.ts';
import type { LimitsDriver } from '../limits.ts';
import { type Finding, type JudgeBounds, judgeUsage, UNWATCHED, type Watched } from './judge-usage.ts';

const LOOK_EVERY_MS = 1_000;

/** Looks at every sandbox of the node once a second, one after another, and does what `judgeUsage` finds. */
export class LimitsMonitor {
  readonly #driver: LimitsDriver;
  readonly #bounds: JudgeBounds;
  readonly #log: Logger;
  readonly #enclosures: ReadonlySet<Enclosure>;
  readonly #watched = new WeakMap<Enclosure, Watched>();
  readonly #closing = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: { driver: LimitsDriver; enclosures: ReadonlySet<Enclosure>; bounds: JudgeBounds; log: Logger }) {
    this.#driver = options.driver;
    this.#bounds = options.bounds;
    this.#log = options.log;
    this.#enclosures = options.enclosures;
    this.#done = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
      if (this.#enclosures.size === 0) continue;
      await this.#driver.refresh();
      for (const enclosure of [...this.#enclosures]) await this.#look(enclosure, this.#driver.enforcement);
    }
  }

  async #look(enclosure: Enclosure, enforcement: LimitsEnforcement): Promise<void> {
    if (enclosure.pid === null || enclosure.frozen || enclosure.closed) return;
    try {
      const usage = await enclosure.usage();
      const seen = { usage, kills: enclosure.untoldKills(usage), at: performance.now() };
      const rules = { limits: enclosure.limits, enforcement, bounds: this.#bounds };
      const { watched, findings } = judgeUsage(this.#watched.get(enclosure) ?? UNWATCHED, seen, rules);
      this.#watched.set(enclosure, watched);
      for (const finding of findings) await carryOut(enclosure, finding);
    } catch (error) {
      // It may have been closed while we looked.
      if (!enclosure.closed)
        this.#log.error({ err: error, session_id: enclosure.sessionId }, 'failed to watch a sandbox');
    }
  }
}

async function carryOut(enclosure: Enclosure, finding: Finding): Promise<void> {
  switch (finding.do) {
    case 'tell':
      return enclosure.tell(finding.event);
    case 'tell_kills':
      await enclosure.tellKills();
      return;
    case 'throttle':
      await enclosure.throttle(finding.on);
      return enclosure.tell(finding.event);
    case 'yield':
      return enclosure.yieldCpu(finding.on);
    case 'kill_largest':
      return enclosure.killLargest(finding.breach);
    case 'end':
      return enclosure.end(finding.breach);
  }
}
