/** What an imported conversation was, and what it becomes. */
export interface Adoption {
  /** Claude Code's own id of the conversation. */
  sessionId: { from: string; to: string };
  /** The session's directory; null when it cannot be told apart in text. */
  directory: { from: string; to: string } | null;
}

/**
 * An entry of another session's transcript as one of this session's: under its id, and with paths into its directory.
 * What a model has signed stays as it is, or the provider would refuse it.
 */
export function adoptEntry(entry: Record<string, unknown>, adoption: Adoption): Record<string, unknown> {
  const { sessionId, directory } = adoption;
  const adopted = directory ? (replaceIn(entry, directory.from, directory.to) as Record<string, unknown>) : entry;
  return adopted.sessionId === sessionId.from ? { ...adopted, sessionId: sessionId.to } : adopted;
}

const SIGNED = new Set(['thinking', 'redacted_thinking']);

function replaceIn(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') return value.replaceAll(from, to);
  if (Array.isArray(value)) return value.map((item) => replaceIn(item, from, to));
  if (value === null || typeof value !== 'object') return value;
  if (SIGNED.has((value as { type?: unknown }).type as string)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceIn(item, from, to)]));
}
