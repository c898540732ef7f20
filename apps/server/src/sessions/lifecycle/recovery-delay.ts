/**
 * Milliseconds before recovery attempt `attempt` (from 0): the first at once, then doubling up to `maxMs`, with a quarter
 * of jitter either way.
 */
export function recoveryDelay(attempt: number, backoff: { ms: number; maxMs: number }, random: number): number {
  if (attempt === 0) return 0;
  const bare = Math.min(backoff.ms * 2 ** (attempt - 1), backoff.maxMs);
  return Math.round(bare * (0.75 + random / 2));
}
