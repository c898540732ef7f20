import { expect, it } from 'vitest';
import { countedLosses, restartRules } from './restart-rules.ts';

const DEFAULTS = {
  autoRecovery: true,
  maxRecoveryAttempts: 3,
  recoveryWindowMs: 600_000,
  recoveryBackoffMs: 5_000,
  recoveryBackoffMaxMs: 300_000,
};

it('takes from the platform what an agent leaves open', () => {
  const platform = { mode: 'always', maxAttempts: 3, windowMs: 600_000, backoffMs: 5_000, backoffMaxMs: 300_000 };
  expect(restartRules(null, DEFAULTS)).toEqual(platform);
  expect(restartRules(undefined, { ...DEFAULTS, autoRecovery: false })).toEqual({ ...platform, mode: 'never' });
  expect(restartRules({ mode: 'on-failure', max_attempts: 0 }, { ...DEFAULTS, autoRecovery: false })).toEqual({
    ...platform,
    mode: 'on-failure',
    maxAttempts: 0,
  });
  expect(restartRules({ window_seconds: 10, backoff_seconds: 1 }, DEFAULTS)).toEqual({
    ...platform,
    windowMs: 10_000,
    backoffMs: 1_000,
  });
});

it('forgets losses that lie before the window', () => {
  const losses = [1_000, 5_000, 10_000].map((at) => new Date(at));
  expect(countedLosses(losses, 5_000, 10_000)).toEqual(losses.slice(2));
  expect(countedLosses(losses, 5_001, 10_000)).toEqual(losses.slice(1));
  expect(countedLosses(losses, 60_000, 10_000)).toEqual(losses);
});
