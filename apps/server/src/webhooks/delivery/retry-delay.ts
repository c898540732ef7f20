const JITTER = 0.2;
const RETRY_AFTER_MAX_S = 86_400;

/**
 * Milliseconds until the next attempt after `tries` that failed; null when that was the last. `schedule` is the setting
 * WEBHOOK_RETRY_SCHEDULE; a receiver that asked for more time gets it, up to a day. `chance` is from 0 to 1.
 */
export function retryDelay(
  tries: number,
  schedule: string,
  retryAfterSeconds: number | null,
  chance: number,
): number | null {
  const seconds = schedule.split(',')[tries - 1];
  if (seconds === undefined) return null;
  const spread = Number(seconds) * (1 - JITTER + 2 * JITTER * chance);
  return Math.max(spread, Math.min(retryAfterSeconds ?? 0, RETRY_AFTER_MAX_S)) * 1_000;
}
