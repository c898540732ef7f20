/** Milliseconds before recovery attempt `attempt` (from 0): the first at once, then doubling, with up to half of jitter. */
export function recoveryDelay(attempt: number, backoffMs: number, random: number): number {
  if (attempt === 0) return 0;
  return Math.round(backoffMs * 2 ** (attempt - 1) * (0.75 + random / 2));
}
