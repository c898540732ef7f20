import type { SessionRow } from './load-session.ts';

/**
 * Sees to it that this node has the directory of a session before its process is started; updates what `session` says
 * of it.
 * @throws Fenced when the generation has ended, or with a sentence for the operator when it cannot be had now
 */
export type PlaceDirectory = (
  session: Pick<SessionRow, 'id' | 'number' | 'directoryNode' | 'directoryCopy' | 'directoryNotes'>,
  generation: number,
  /** `onBegin`: it is not simply there. */
  how: { signal: AbortSignal; onBegin(): void },
) => Promise<void>;
