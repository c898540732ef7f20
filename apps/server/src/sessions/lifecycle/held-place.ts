import type { StatusReason } from '@aaas/contract/lifecycle';
import { isSleep } from './decide.ts';

/** How a session uses its place on this node, and whether it is to give it up. Times in milliseconds since 1970. */
export class HeldPlace {
  /** Since when its process waits for work; null while it does not. */
  idleSince: number | null = null;
  /** Since when it works on turns without having waited for one; null: not on any yet. */
  busySince: number | null = null;
  /** Why it is to be given up. */
  leave: StatusReason | null = null;
  /** It is given up as soon as the turn has ended, whatever comes next. */
  yields = false;
  #awakeUntil = 0;

  /** Others have waited long for a place, or the session may not be here any more. */
  yieldFor(reason: Extract<StatusReason, 'slot_needed' | 'placement_changed'>): void {
    this.leave ??= reason;
    this.yields = true;
  }

  /** The node does not want it back after all. What has been ended stays so. @returns whether that changes anything. */
  stay(): boolean {
    if (this.leave !== 'node_drained') return false;
    this.leave = null;
    return true;
  }

  /** Something came that is stronger than sleep. */
  forgetSleep(): void {
    if (this.leave !== null && isSleep(this.leave)) this.leave = null;
    this.yields = false;
  }

  /** The process could not be put to sleep: it counts as idle only from then on. */
  stayAwakeUntil(time: number): void {
    this.forgetSleep();
    this.#awakeUntil = time;
    this.idleSince = time;
  }

  /** The session has nothing to do; `idle`: and has a process. @returns whether that has just begun to wait for work. */
  rest(idle: boolean, now: number): boolean {
    const before = this.idleSince;
    this.idleSince = idle ? (before ?? Math.max(now, this.#awakeUntil)) : null;
    return idle && before === null;
  }

  /** A turn began. */
  work(startedAt: number): void {
    if (this.idleSince !== null || this.busySince === null) this.busySince = startedAt;
    this.idleSince = null;
    this.forgetSleep();
  }
}
