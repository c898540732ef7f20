/** An agent's id means its main session; any session can be named by its own id. */
export type ConversationId = string;

/** Where a conversation is found. */
export function addressOf(id: ConversationId): string {
  return `/api/v1/${isSession(id) ? 'sessions' : 'agents'}/${encodeURIComponent(id)}`;
}

/** The method for an agent's main session, or that for a session, whichever the id is of. */
export function eitherOf<Args extends [id: ConversationId, ...rest: unknown[]], Answer>(
  ofAgent: (...args: Args) => Answer,
  ofSession: (...args: Args) => Answer,
) {
  return (...args: Args): Answer => (isSession(args[0]) ? ofSession : ofAgent)(...args);
}

function isSession(id: ConversationId): boolean {
  return id.startsWith('sesn_');
}
