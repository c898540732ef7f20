import { mkdir, rename } from 'node:fs/promises';
import type { User } from '../../processes/passage.ts';
import type { DirectoryArchive } from '../../sessions/lifecycle/directory-snapshot.ts';
import type { Directory } from '../confined/directory.ts';
import { discard } from '../confined/discard.ts';
import { openStaging, stageDirectory } from '../confined/staging.ts';
import { openSessions } from '../session-directory.ts';
import { type Listing, listEntries } from '../snapshots/list-entries.ts';
import { writeSnapshotList } from '../snapshots/snapshot-list.ts';
import type { DirectoryStore } from '../store/directory-store.ts';
import { ensureMarker } from './marker.ts';
import { unpackArchive } from './unpack-archive.ts';

/** A directory that is made beside those of the sessions, to be put in its place when the database knows of it. */
export interface StagedCopy extends AsyncDisposable {
  /** What its marker says. */
  copy: string;
  listing: Listing;
  /** Puts it in the place of whatever is there. */
  putInPlace(): Promise<void>;
}

/** Makes a session's directory from an archive, or an empty one. @throws with nothing left behind */
export async function stageCopy(options: {
  dataDir: string;
  nodeId: string;
  sessionId: string;
  owner: User | null;
  archive: DirectoryArchive | null;
  store: DirectoryStore | null;
  maxEntries: number;
  signal: AbortSignal;
}): Promise<StagedCopy> {
  const { dataDir, nodeId, sessionId, owner, archive, store, signal } = options;
  const sessions = await openSessions(dataDir);
  const staging = await openStaging(sessions);
  const name = await stageDirectory(staging, null, 0o700);
  const close = async () => {
    await discard(staging.directory, name, staging);
    await staging[Symbol.asyncDispose]();
    await sessions[Symbol.asyncDispose]();
  };
  try {
    await using root = (await staging.directory.openDirectory(name)) as Directory;
    await mkdir(root.at('work'), { mode: 0o700 });
    await using work = (await root.openDirectory('work')) as Directory;
    if (owner) await work.handle.chown(owner.uid, owner.gid);
    if (archive) await unpackArchive(store, archive, { work, owner, staging }, signal);
    // Only now: what is unpacked changes the times of the directories above it.
    const listing = await listEntries(work, options.maxEntries);
    if (archive) await writeSnapshotList(root, archive.snapshot_id, listing);
    const { copy } = await ensureMarker(root, nodeId);
    return {
      copy,
      listing,
      putInPlace: async () => {
        await discard(sessions, sessionId, staging);
        await rename(staging.directory.at(name), sessions.at(sessionId));
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
