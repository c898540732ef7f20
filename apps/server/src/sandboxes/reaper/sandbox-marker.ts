/**
 * Every process of a sandbox carries this variable, children and grandchildren included: Bash tools run in sessions
 * of their own, so neither a process group nor a parent finds them all.
 */
export const SANDBOX_MARKER = 'AAAS_SANDBOX';

export interface SandboxName {
  /** The node and which of its lives: what ends one life must not touch the next. */
  node: { id: string; incarnation: number };
  sessionId: string;
  generation: number;
}

/** Markers end with a slash: the first generation's is no beginning of the tenth's. */
export function sandboxMarker({ node, sessionId, generation }: SandboxName): string {
  return `${lifeMarker(node)}${sessionId}/${generation}/`;
}

/** What the markers of one life of a node begin with. */
export function lifeMarker({ id, incarnation }: SandboxName['node']): string {
  return `${nodeMarker(id)}${incarnation}/`;
}

/** What the markers of a node begin with, in all its lives. */
export function nodeMarker(id: string): string {
  return `${id}/`;
}
