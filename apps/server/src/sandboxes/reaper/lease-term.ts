/**
 * Until when sandboxes may run unless the lease is renewed, on two clocks of the machine, in milliseconds: the
 * monotonic one, which every process reads alike and nobody sets, and that of the wall, which goes on while the machine
 * is suspended. Whichever comes first counts.
 */
export interface LeaseTerm {
  monotonicMs: number;
  wallMs: number;
}

/** The monotonic clock of the machine (CLOCK_MONOTONIC), the same in all its processes. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

export function remainingMs(term: LeaseTerm): number {
  return Math.min(term.monotonicMs - monotonicMs(), term.wallMs - Date.now());
}
