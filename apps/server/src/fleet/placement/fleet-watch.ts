import type { NodeLabels, PlacementStrategy } from '@aaas/contract/placement';
import type { SessionContext } from '../../sessions/session-context.ts';
import type { Offer, Share } from '../claims/claim-sessions.ts';
import { type Judgement, judgeStanding } from './judge-standing.ts';
import { lookAtLine } from './look-at-line.ts';
import { readStanding } from './read-standing.ts';
import { shareOf } from './share-of.ts';
import { putBack, setAside } from './unplaced.ts';

/** Read at each use: they change while the node runs. Times in milliseconds. */
export interface PlacementBounds {
  strategy: PlacementStrategy;
  graceMs: number;
  failoverMs: number;
}

export interface FleetWatchOptions {
  ctx: SessionContext;
  nodeId: string;
  labels: NodeLabels;
  /** How long another node may be silent before it counts as gone, in milliseconds. Read at each use. */
  goneAfterMs: number;
  bounds: PlacementBounds;
}

/** What this node may take, and when: how it stands among the others, looked at once a second. */
export class FleetWatch {
  readonly #options: FleetWatchOptions;
  readonly #fullSince = new Map<string, number>();
  #judged: Judgement | null = null;

  constructor(options: FleetWatchOptions) {
    this.#options = options;
  }

  /** What decides which sessions this node may have. */
  get offer(): Offer {
    const { ctx, labels, goneAfterMs } = this.#options;
    return { labels, region: ctx.region, away: this.#judged?.away ?? [], goneAfterMs };
  }

  /** Nodes that take work, this one included; one while nobody has looked. */
  get workers(): number {
    return Math.max(1, this.#judged?.workers ?? 1);
  }

  /** How long what waits is left to the node that it is for, in milliseconds. */
  get graceMs(): number {
    return this.#options.bounds.graceMs;
  }

  get draining(): boolean {
    return this.#judged?.draining ?? false;
  }

  get drained(): boolean {
    return this.#judged?.drained ?? false;
  }

  /**
   * Looks, and takes those out of the line that nobody may run.
   * @returns whether nodes are lost that have sessions, and one of the sessions that are back in the line.
   */
  async look(): Promise<{ lost: boolean; putBack: string | null }> {
    const { ctx, nodeId, labels, goneAfterMs, bounds } = this.#options;
    const standing = await readStanding(ctx.pool, goneAfterMs);
    const self = { id: nodeId, region: ctx.region, labels };
    const judged = judgeStanding(standing, self, bounds.failoverMs, this.#fullSince, performance.now());
    this.#judged = judged;
    for (const lane of judged.unplaceable) {
      const { length: sessions } = await setAside(ctx, lane);
      if (sessions > 0) ctx.log.warn({ lane, sessions }, 'no node may run what some sessions ask for: they wait apart');
    }
    let back: string | null = null;
    for (const lane of judged.placeable) back = (await putBack(ctx, lane))[0] ?? back;
    return { lost: judged.lost, putBack: back };
  }

  /**
   * Which of the sessions that have just come this node may take at once. Null: every one.
   * `others`: some were left to other nodes. `nothing`: no session is there for this node.
   */
  async share(): Promise<{ share: Share; others: boolean; nothing: boolean } | null> {
    const { ctx, nodeId, goneAfterMs, bounds } = this.#options;
    if (this.workers <= 1 || bounds.graceMs === 0) return null;
    const { graceMs, strategy } = bounds;
    const line = await lookAtLine(ctx.pool, { graceMs, strategy, goneAfterMs });
    const mine = shareOf({ ...line, strategy, away: new Set(this.#judged?.away) }, nodeId);
    const others = mine.length < line.waiting.length;
    return { share: { graceMs, mine }, others, nothing: mine.length === 0 && !line.older };
  }
}
