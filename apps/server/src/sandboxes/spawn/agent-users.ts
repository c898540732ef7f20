import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { firstUntraversable } from '../../processes/first-untraversable.ts';
import { canMakePassage } from '../../processes/passage.ts';
import { StartupError } from '../../start/startup-error.ts';

// Two servers on one machine must not give their agents the same users, for each kills what runs as a user of its own:
// where a node's users begin follows from its id. Of two nodes with a thousand sessions each, one pair in a million
// meets; those that do need AGENT_UID_BASE.
const FIRST_UID = 200_000;
const BEGINNINGS = 2_000_000;
const UIDS_APART = 1_000;

/**
 * The uid from which on agents have users of their own; null: they share ours. Only root can give it to them.
 * @throws StartupError when there are no such users here, or they could not enter the data directory.
 */
export function firstAgentUid(given: number | undefined, nodeId: string, dataDir: string): number | null {
  if (process.getuid?.() !== 0) return null;
  const uidBase = given ?? FIRST_UID + beginningOf(nodeId) * UIDS_APART;
  const probe = spawnSync(process.execPath, ['--version'], { uid: uidBase, gid: uidBase, cwd: '/' });
  if (probe.error && (probe.error as NodeJS.ErrnoException).code === 'EINVAL') {
    // Never as root: better no server than that.
    throw new StartupError(
      `Bad setting AGENT_UID_BASE: uid ${uidBase} does not exist here. Set it to one from which on uids are free.`,
    );
  }
  const closed = firstUntraversable(dataDir, uidBase, uidBase);
  if (closed !== null && !canMakePassage()) {
    throw new StartupError(
      `Agents run as users of their own, who may not enter ${closed}. Set DATA_DIR to a directory outside of it, or run chmod o+x ${closed}.`,
    );
  }
  return uidBase;
}

function beginningOf(nodeId: string): number {
  return createHash('sha256').update(nodeId).digest().readUInt32BE(0) % BEGINNINGS;
}
