import type { Schema } from '../operations/operation-types.ts';

/** What every entry of a log has. */
interface Logged<Type extends string> {
  type: Type;
  id: string;
  /** Place in the log: 1, 2, 3 … without a gap. */
  seq: number;
  /** RFC 3339, UTC. */
  processed_at: string | null;
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

/** Somebody has answered whether a tool may run. */
export interface ToolConfirmationEvent extends Logged<'user.tool_confirmation'> {
  /** The id of the call, and of the approval. */
  tool_use_id: string;
  result: 'allow' | 'deny';
  deny_message?: string;
}

export interface SessionErrorEvent extends Logged<'session.error'> {
  error: { type: string; message: string; retry_status: { type: 'retrying' | 'exhausted' | 'terminal' } };
}
export interface SessionIdleEvent extends Logged<'session.status_idle'> {
  /** `event_ids`: the calls that wait for an approval, when it is `requires_action`. */
  stop_reason: { type: string; event_ids?: string[] };
}
export interface ModelRequestEndEvent extends Logged<'span.model_request_end'> {
  is_error: boolean;
  model_usage: Record<string, number>;
}
export interface McpToolUseEvent extends Logged<'agent.mcp_tool_use'> {
  mcp_server_name: string;
  name: string;
  input: Record<string, unknown>;
  evaluated_permission?: 'allow' | 'ask' | 'deny';
}
export interface McpToolResultEvent extends Logged<'agent.mcp_tool_result'> {
  /** The id of the `agent.mcp_tool_use` event. */
  mcp_tool_use_id: string;
  content: ContentBlock[];
  is_error: boolean;
}
export interface McpServerFailedEvent extends Logged<'x.mcp_server_failed'> {
  mcp_server_name: string;
  message: string;
}

/** Amounts are in US dollars or, in the fields whose names say so, in tokens. */
interface BudgetFigures {
  scope: 'workspace' | 'agent' | 'turn';
  period: 'turn' | 'day' | 'month' | 'total';
  limit_usd?: number;
  spent_usd?: number;
  limit_tokens?: number;
  spent_tokens?: number;
}
export interface BudgetWarningEvent extends Logged<'x.budget_warning'>, BudgetFigures {
  /** Percent of the limit that are used up. */
  threshold: number;
}
export interface BudgetExceededEvent extends Logged<'x.budget_exceeded'>, BudgetFigures {
  message: string;
}

/** One transition of a session. */
export interface LifecycleEvent extends Logged<'x.lifecycle'> {
  from: Schema<'Status'>;
  to: Schema<'Status'>;
  reason: Schema<'StatusReason'>;
  detail: string | null;
  /** Of a transition that ends a start, well or not. */
  start?: Schema<'StartReport'> | null;
}

/** What the start of a process took beyond its readiness, in milliseconds. */
export interface FirstTokenEvent extends Logged<'x.first_token'> {
  start_id: string;
  mcp_ms: number | null;
  first_token_ms: number;
}

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
  | ToolConfirmationEvent
  | AgentMessageEvent
  | AgentThinkingEvent
  | AgentToolUseEvent
  | AgentToolResultEvent
  | PermissionDeniedEvent
  | SessionErrorEvent
  | SessionIdleEvent
  | ModelRequestEndEvent
  | McpToolUseEvent
  | McpToolResultEvent
  | McpServerFailedEvent
  | BudgetWarningEvent
  | BudgetExceededEvent
  | LifecycleEvent
  | FirstTokenEvent
  | PlainEvent;

/** Text while it is being written; the `agent.message` with that id holds all of it. */
export type LiveDelta =
  | { type: 'event_start'; event: { type: 'agent.message' | 'agent.thinking'; id: string } }
  | {
      type: 'event_delta';
      event_id: string;
      delta: { type: 'content_delta'; index: 0; content: { type: 'text'; text: string } };
    };

/** The agent was deleted: its stream ends with this. */
export interface DeletedEvent {
  type: 'session.deleted';
}

/**
 * Events up to the sequence `after` are no longer kept by the platform, and this stream has not had all of them. Those
 * that are kept follow.
 */
export interface RemovedEvent {
  type: 'resync';
  reason: 'removed';
  after: number;
}

/** What a stream of events yields: entries of the log, and text while it is being written, which has no `seq`. */
export type StreamEvent = LogEvent | LiveDelta | DeletedEvent | RemovedEvent;
