import type { Wish } from './change-intent.ts';

/** What may be asked of a session, in the terms of its lifecycle. A null intent stays as it is. */
export const WISHES = {
  start: { intent: 'active', operation: 'start', reason: 'start_requested' },
  stop: { intent: 'stopped', operation: null, reason: 'stop_requested' },
  restart: { intent: 'active', operation: 'restart', reason: 'restart_requested' },
  hibernate: { intent: null, operation: 'hibernate', reason: 'hibernate_requested' },
  delete: { intent: 'archived', operation: null, reason: 'delete_requested' },
  /** Of the owner itself: the query is answered. */
  finish: { intent: 'archived', operation: null, reason: 'query_ended' },
} as const satisfies Record<string, Wish>;
