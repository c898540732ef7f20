import type { Status } from '@aaas/contract/lifecycle';

/** What a session without a process cannot be. */
export const LIVE: ReadonlySet<Status> = new Set<Status>([
  'warming',
  'idle',
  'running',
  'unhealthy',
  'recovering',
  'draining',
  'error',
]);

/**
 * A condition on `sessions s` that follows from its status being one of these and that an index of few sessions knows;
 * null: there is none. The status itself is in no index: it changes twice in each turn, and each change of what an index
 * holds is an entry in every index of the table.
 */
export function indexedCondition(statuses: readonly Status[] | undefined): string | null {
  if (!statuses?.length) return null;
  if (statuses.every((status) => LIVE.has(status))) return `s.sandbox_phase <> 'none'`;
  if (statuses.every((status) => status === 'stopped')) return `s.intent = 'stopped'`;
  return null;
}
