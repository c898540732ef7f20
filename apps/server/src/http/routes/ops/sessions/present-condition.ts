import type { RecoveryView, Resources, RestartPolicy } from '@aaas/contract/restart-policy';
import type { Condition } from '../../../../sessions/find-condition.ts';
import { countedLosses, type RestartDefaults, restartRules } from '../../../../sessions/lifecycle/restart-rules.ts';

/** How often it was lost, by the policy in force, and what its processes take. */
export function presentCondition(
  condition: Condition,
  policy: RestartPolicy | null | undefined,
  defaults: RestartDefaults,
  now: Date,
): { recovery: RecoveryView; resources: Resources | null } {
  const rules = restartRules(policy, defaults);
  return {
    recovery: {
      mode: rules.mode,
      max_attempts: rules.maxAttempts,
      window_seconds: rules.windowMs / 1000,
      backoff_seconds: rules.backoffMs / 1000,
      attempts_used: countedLosses(condition.losses, rules.windowMs, now.getTime()).length,
      next_attempt_at: condition.retryAt?.toISOString() ?? null,
    },
    resources: condition.sample && {
      memory_bytes: condition.sample.memoryBytes,
      cpu_seconds: condition.sample.cpuSeconds,
      cpu_percent: Math.round(condition.sample.cpuPercent * 10) / 10,
      processes: condition.sample.processes,
      sampled_at: condition.sample.at.toISOString(),
    },
  };
}
