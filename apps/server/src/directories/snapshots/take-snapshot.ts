import { newId } from '@aaas/contract/ids';
import type { TakenSnapshot, TakeSnapshot } from '../../sessions/lifecycle/directory-snapshot.ts';
import type { Directory } from '../confined/directory.ts';
import { openSessions } from '../session-directory.ts';
import { type Listing, listEntries } from './list-entries.ts';
import { readSnapshotList, writeSnapshotList } from './snapshot-list.ts';

/**
 * Names what is in a working directory: a list of its entries with size, times and mode, and a digest of that. No file
 * is read and nothing is copied. The list lies beside the directory, where the agent cannot reach it.
 */
export function snapshotTaker(dataDir: string, settings: { MAX_ARCHIVE_ENTRIES: number }): TakeSnapshot {
  return async ({ id: sessionId }, known) => {
    await using sessions = await openSessions(dataDir);
    await using root = await sessions.openDirectory(sessionId);
    await using work = (await root?.openDirectory('work')) ?? null;
    if (!root || !work) return null;
    return await nameListing(root, known, await listEntries(work, settings.MAX_ARCHIVE_ENTRIES));
  };
}

/** The name of what was found: the one before, `known`, if it was the same. */
export async function nameListing(root: Directory, known: string | null, listing: Listing): Promise<TakenSnapshot> {
  const { digest, files, bytes, complete, entries } = listing;
  const last = await readSnapshotList(root);
  const same = last !== null && last.id === known && last.digest === digest;
  const id = same ? last.id : newId('snap');
  if (!same) await writeSnapshotList(root, id, listing);
  const taken_at = new Date().toISOString();
  return { id, taken_at, files, bytes, complete, digest, empty: complete && entries === 0 };
}
