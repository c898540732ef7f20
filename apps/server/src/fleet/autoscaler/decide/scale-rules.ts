import type { Settings } from '@aaas/contract/settings';

/** What decisions go by. Thresholds are shares from 0 to 1. */
export interface ScaleRules {
  enabled: boolean;
  up: number;
  down: number;
  /** That the oldest may wait for a place. */
  waitSeconds: number;
  /** That a start may take; 0: they may take as long as they like. */
  startSeconds: number;
  windowSeconds: number;
  loopSeconds: number;
  upCooldownSeconds: number;
  downCooldownSeconds: number;
}

/** The rules as the settings have them at the moment of asking. */
export function scaleRules(settings: Settings): ScaleRules {
  return {
    enabled: settings.ENABLE_AUTO_SCALING,
    up: settings.SCALE_UP_THRESHOLD,
    down: settings.SCALE_DOWN_THRESHOLD,
    waitSeconds: settings.SCALE_WAIT_SECONDS,
    startSeconds: settings.SCALE_START_SECONDS,
    windowSeconds: settings.SCALE_WINDOW_SECONDS,
    loopSeconds: settings.SCALE_LOOP_SECONDS,
    upCooldownSeconds: settings.SCALE_UP_COOLDOWN_SECONDS,
    downCooldownSeconds: settings.SCALE_DOWN_COOLDOWN_SECONDS,
  };
}
