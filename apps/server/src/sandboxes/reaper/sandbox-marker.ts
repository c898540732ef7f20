/**
 * Every process of a sandbox carries this variable, children and grandchildren included: Bash tools run in sessions
 * of their own, so neither a process group nor a parent finds them all.
 */
export const SANDBOX_MARKER = 'AAAS_SANDBOX';

export interface SandboxName {
  nodeId: string;
  sessionId: string;
  generation: number;
}

export function sandboxMarker({ nodeId, sessionId, generation }: SandboxName): string {
  return `${nodeId}/${sessionId}/${generation}`;
}
