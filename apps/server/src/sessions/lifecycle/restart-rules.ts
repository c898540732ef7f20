import type { RestartMode, RestartPolicy } from '@aaas/contract/restart-policy';

/** What the platform does where an agent says nothing. Read at each use: settings change live. */
export interface RestartDefaults {
  autoRecovery: boolean;
  maxRecoveryAttempts: number;
  recoveryWindowMs: number;
  recoveryBackoffMs: number;
  recoveryBackoffMaxMs: number;
}

/** A restart policy with nothing left open. Times in milliseconds. */
export interface RestartRules {
  mode: RestartMode;
  maxAttempts: number;
  windowMs: number;
  backoffMs: number;
  backoffMaxMs: number;
}

/** The policy of an agent over the defaults of its platform. */
export function restartRules(policy: RestartPolicy | null | undefined, defaults: RestartDefaults): RestartRules {
  const { mode, max_attempts: attempts, window_seconds: window, backoff_seconds: backoff } = policy ?? {};
  return {
    mode: mode ?? (defaults.autoRecovery ? 'always' : 'never'),
    maxAttempts: attempts ?? defaults.maxRecoveryAttempts,
    windowMs: window === undefined ? defaults.recoveryWindowMs : window * 1000,
    backoffMs: backoff === undefined ? defaults.recoveryBackoffMs : backoff * 1000,
    backoffMaxMs: defaults.recoveryBackoffMaxMs,
  };
}

/** The losses that count at `now`, oldest first. */
export function countedLosses(losses: readonly Date[], windowMs: number, now: number): Date[] {
  return losses.filter((at) => at.getTime() > now - windowMs);
}
