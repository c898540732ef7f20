/** Where directories outlive their node: nowhere, on storage that the nodes share, or as archives. */
export type StoreMode = 'local' | 'shared' | 'archives';

export interface RestoreFacts {
  mode: StoreMode;
  /** This node. */
  here: string;
  /** What lies under the session's name on this node; `copy`: what its marker says. */
  local: { present: boolean; copy: string | null };
  /** What the session's row says. */
  row: {
    /** On whose disk the directory lies, and which copy it is; null: nobody knows, for there was none yet or no marker. */
    node: string | null;
    copy: string | null;
    /** It may hold more than was stored last. */
    unsaved: boolean;
    archive: { clean: boolean } | null;
  };
  /** The node of the row lives. */
  holderLives: boolean;
}

export type RestoreDecision =
  /** What lies here is the directory. */
  | { do: 'use' }
  /** There was nothing in it: an empty one will do. */
  | { do: 'fresh' }
  /** From the archive. `lost`: changes may be missing. */
  | { do: 'restore'; lost: boolean }
  /** There is no archive, and there was something in it. */
  | { do: 'lose' }
  /** The node that has it lives, and stores its last changes soon. */
  | { do: 'wait' }
  /** The shared storage does not have it. */
  | { do: 'refuse' };

/** What a node that is to run a session does about the session's directory. Pure. */
export function decideRestore({ mode, here, local, row, holderLives }: RestoreFacts): RestoreDecision {
  if (isCurrent(mode, here, local, row)) return { do: 'use' };
  // Whoever is about to write the first file says so before there is a directory.
  const neverWas = row.node === null && row.copy === null;
  if ((!row.unsaved || neverWas) && !row.archive) return { do: 'fresh' };
  if (mode === 'shared' && !local.present && !row.archive) return { do: 'refuse' };
  const elsewhere = row.node !== null && row.node !== here;
  if (mode === 'archives' && row.unsaved && elsewhere && holderLives) return { do: 'wait' };
  return row.archive ? { do: 'restore', lost: row.unsaved || !row.archive.clean } : { do: 'lose' };
}

function isCurrent(mode: StoreMode, here: string, local: RestoreFacts['local'], row: RestoreFacts['row']): boolean {
  if (!local.present) return false;
  if (row.copy !== null && local.copy !== null) return row.copy === local.copy;
  // One from before there were markers, or whose maker came no further.
  if (mode === 'shared') return true;
  return row.copy === null && (row.node === null || row.node === here);
}
