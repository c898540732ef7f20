import type { BudgetExceeded, BudgetWarning } from '@aaas/contract/budgets';
import type { LifecycleEvent as LifecycleBody, LiveDelta, SessionEvent } from '@aaas/contract/events';

/** What every entry of a log has. */
interface Logged<Type extends string> extends SessionEvent {
  type: Type;
  /** Place in the log: 1, 2, 3 … without a gap. */
  seq: number;
  turn_id: string | null;
}

export type ContentBlock = { type: 'text'; text: string } | { type: 'image'; source: unknown };

export interface UserMessageEvent extends Logged<'user.message'> {
  content: ContentBlock[];
}
export type UserInterruptEvent = Logged<'user.interrupt'>;

export interface AgentMessageEvent extends Logged<'agent.message'> {
  content: ContentBlock[];
}
export type AgentThinkingEvent = Logged<'agent.thinking'>;
export interface AgentToolUseEvent extends Logged<'agent.tool_use'> {
  name: string;
  input: Record<string, unknown>;
  evaluated_permission?: 'allow' | 'ask' | 'deny';
}
export interface AgentToolResultEvent extends Logged<'agent.tool_result'> {
  /** The id of the `agent.tool_use` event. */
  tool_use_id: string;
  content: ContentBlock[];
  is_error: boolean;
}
export interface PermissionDeniedEvent extends Logged<'x.permission_denied'> {
  tool_use_id?: string;
  message: string;
}

export type BudgetWarningEvent = BudgetWarning & Logged<'x.budget_warning'>;
export type BudgetExceededEvent = BudgetExceeded & Logged<'x.budget_exceeded'>;

export interface SessionErrorEvent extends Logged<'session.error'> {
  error: { type: string; message: string; retry_status: { type: 'retrying' | 'exhausted' | 'terminal' } };
}
export interface SessionIdleEvent extends Logged<'session.status_idle'> {
  stop_reason: { type: string };
}
export interface ModelRequestEndEvent extends Logged<'span.model_request_end'> {
  is_error: boolean;
  model_usage: Record<string, number>;
}
export type LifecycleEvent = LifecycleBody & Logged<'x.lifecycle'>;

/** Entries that say all with their type, or whose fields few clients need. */
export type PlainEvent = Logged<
  | 'agent.thread_context_compacted'
  | 'session.status_running'
  | 'session.status_rescheduled'
  | 'session.thread_status_running'
  | 'session.thread_status_idle'
  | 'session.usage'
  | 'span.model_request_start'
>;

/**
 * An entry of an agent's log. A newer platform may send types that are not listed here: give every `switch` a
 * default that ignores them.
 */
export type LogEvent =
  | UserMessageEvent
  | UserInterruptEvent
  | AgentMessageEvent
  | AgentThinkingEvent
  | AgentToolUseEvent
  | AgentToolResultEvent
  | PermissionDeniedEvent
  | BudgetWarningEvent
  | BudgetExceededEvent
  | SessionErrorEvent
  | SessionIdleEvent
  | ModelRequestEndEvent
  | LifecycleEvent
  | PlainEvent;

/** The agent was deleted: its stream ends with this. */
export interface DeletedEvent {
  type: 'session.deleted';
}

/** What a stream of events yields: entries of the log, and text while it is being written, which has no `seq`. */
export type StreamEvent = LogEvent | LiveDelta | DeletedEvent;
