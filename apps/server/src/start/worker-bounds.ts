import type { Settings } from '@aaas/contract/settings';
import type { ScaledBounds } from '../fleet/autoscaler/scaled-bounds.ts';
import type { WorkerBounds } from '../fleet/claims/worker.ts';

/** The bounds of a node's sessions as the settings have them at the moment of asking. */
export function workerBounds(settings: Settings, scaled: Pick<ScaledBounds, 'idleSeconds'>): WorkerBounds {
  return {
    get slots() {
      return settings.MAX_AGENTS;
    },
    get idleMs() {
      const { idleSeconds } = scaled;
      return idleSeconds === null ? null : idleSeconds * 1000;
    },
    get graceMs() {
      return settings.IDLE_GRACE_SECONDS * 1000;
    },
    get placeMs() {
      return settings.PLACE_SECONDS * 1000;
    },
    get maxWaiting() {
      return settings.MAX_WAITING_AGENTS;
    },
    get drainMs() {
      return settings.DRAIN_TIMEOUT * 1000;
    },
    get interruptMs() {
      return settings.INTERRUPT_TIMEOUT * 1000;
    },
    get startMs() {
      return settings.START_TIMEOUT * 1000;
    },
    get turnMs() {
      return settings.AGENT_TIMEOUT * 1000;
    },
    get autoRecovery() {
      return settings.ENABLE_AUTO_RECOVERY;
    },
    get recoveryWindowMs() {
      return settings.RECOVERY_WINDOW_SECONDS * 1000;
    },
    get recoveryBackoffMaxMs() {
      return settings.RECOVERY_BACKOFF_MAX_SECONDS * 1000;
    },
    get recoveryBackoffMs() {
      return settings.RECOVERY_BACKOFF_SECONDS * 1000;
    },
    get outageMs() {
      return settings.UPSTREAM_OUTAGE_SECONDS * 1000;
    },
    get approvalMs() {
      return settings.APPROVAL_TIMEOUT * 1000;
    },
    get approvalHoldMs() {
      return settings.APPROVAL_HOLD * 1000;
    },
    get maxRecoveryAttempts() {
      return settings.MAX_RECOVERY_ATTEMPTS;
    },
  };
}
