import { STATUSES, type Status } from '@aaas/contract/lifecycle';
import { expect, it } from 'vitest';
import { statusOf } from './lifecycle/status.ts';
import { indexedCondition, LIVE } from './status-index.ts';

it('names no condition that a session of that status can fail', () => {
  const phases = ['none', 'starting', 'warming', 'ready', 'unhealthy', 'recovering', 'draining', 'failed'] as const;
  const turns = ['idle', 'running', 'waiting', 'rescheduling', 'terminated'] as const;
  const without = new Set<Status>();
  for (const intent of ['active', 'stopped'] as const)
    for (const turnStatus of turns) without.add(statusOf({ intent, turnStatus, sandboxPhase: 'none' }));
  for (const status of Object.keys(STATUSES) as Status[]) expect(LIVE.has(status) && without.has(status)).toBe(false);
  for (const sandboxPhase of phases)
    for (const turnStatus of turns)
      expect(statusOf({ intent: 'active', turnStatus, sandboxPhase })).not.toBe('stopped');
  expect(indexedCondition(['idle', 'running'])).toContain('sandbox_phase');
  expect(indexedCondition(['stopped'])).toContain('intent');
  for (const statuses of [undefined, [], ['starting'], ['idle', 'hibernated'], ['stopped', 'idle']] as const)
    expect(indexedCondition(statuses)).toBeNull();
});
