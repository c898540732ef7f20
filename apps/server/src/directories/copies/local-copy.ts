import type { DirectorySite } from '../directory-site.ts';
import { openSessions } from '../session-directory.ts';
import { decideRestore, type RestoreDecision } from './decide-restore.ts';
import type { DirectoryFacts } from './facts.ts';
import { readMarker } from './marker.ts';

/** What lies under a session's name on this node. */
export interface LocalCopy {
  present: boolean;
  /** What its marker says; null: it has none. */
  copy: string | null;
}

export async function findLocalCopy(dataDir: string, sessionId: string): Promise<LocalCopy> {
  await using sessions = await openSessions(dataDir);
  if (!(await sessions.inspect(sessionId))?.isDirectory()) return { present: false, copy: null };
  await using root = await sessions.openDirectory(sessionId);
  if (!root || !(await root.inspect('work'))?.isDirectory()) return { present: false, copy: null };
  return { present: true, copy: (await readMarker(root))?.copy ?? null };
}

/** What this node would have to do before it may work on the directory. */
export function decideFor(site: DirectorySite, facts: DirectoryFacts, local: LocalCopy): RestoreDecision {
  const { node, copy, snapshot, holderLives } = facts;
  // Where snapshots are stored, whoever stores them says that there is nothing to store.
  const unsaved = facts.unsaved && !(facts.empty && site.mode !== 'archives');
  return decideRestore({
    mode: site.mode,
    here: site.nodeId,
    local,
    row: { node, copy, unsaved, archive: snapshot?.archive ?? null },
    holderLives,
  });
}
