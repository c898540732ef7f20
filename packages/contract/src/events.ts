import type { Status, StatusReason } from './lifecycle.ts';
import type { StartReport } from './starts.ts';

/**
 * An entry of a session's log as clients see it. Types without a prefix are those of the Claude Managed
 * Agents API and have its shapes; types that begin with `x.` are ours and are never shown under `/v1`.
 */
export interface SessionEvent {
  id: string;
  type: string;
  /** RFC 3339; null while an input waits in the inbox. */
  processed_at: string | null;
  [field: string]: unknown;
}

/** Body of an `x.lifecycle` event: one transition of the session. */
export interface LifecycleEvent extends SessionEvent {
  type: 'x.lifecycle';
  from: Status;
  to: Status;
  reason: StatusReason;
  detail: string | null;
  /** Of a transition that ends a start, well or not. */
  start?: StartReport | null;
}

/** Prefix of the platform's own event types. */
export const OWN_EVENT_PREFIX = 'x.';

/** An event of the log together with its place in it. */
export interface LoggedEvent {
  seq: number;
  id: string;
  type: string;
  turnId: string | null;
  at: Date;
  /** The event as JSON text, complete with id, type and processed_at. */
  payload: string;
}

/** What is streamed live and never stored: a piece of an `agent.message` that is being written. */
export type LiveDelta =
  | { type: 'event_start'; event: { type: 'agent.message' | 'agent.thinking'; id: string } }
  | {
      type: 'event_delta';
      event_id: string;
      delta: { type: 'content_delta'; index: 0; content: { type: 'text'; text: string } };
    };

/** How a turn stands. */
export type TurnState = 'queued' | 'running' | 'completed' | 'failed' | 'interrupted';

/** Why a turn ended, in the words of the Managed Agents API where it has one. */
export type StopReason =
  | 'end_turn'
  | 'refusal'
  | 'max_tokens'
  | 'max_turns'
  | 'interrupted'
  | 'retries_exhausted'
  | 'timed_out'
  | 'budget_exceeded';
