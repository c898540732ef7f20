import { readdir, rename, symlink, unlink } from 'node:fs/promises';
import type { Directory } from './confined/directory.ts';
import { discard } from './confined/discard.ts';
import { openStaging } from './confined/staging.ts';
import { ensureMarker, readMarker } from './copies/marker.ts';
import { openSessions } from './session-directory.ts';

/** What the names of cells begin with: directories of processes that wait for a session. */
const CELL_NAME = /^cell_/;

/** Whether a session has anything on this node's disk. */
export async function hasDirectory(dataDir: string, sessionId: string): Promise<boolean> {
  await using sessions = await openSessions(dataDir);
  return (await sessions.inspect(sessionId)) !== null;
}

/**
 * Makes the directory of a cell that of a session. The old path still leads there: it is what the process calls its
 * home for as long as it lives.
 * @throws when the session has a directory already; that of the cell is left as it was.
 */
export async function adoptDirectory(dataDir: string, cellId: string, sessionId: string): Promise<void> {
  await using sessions = await openSessions(dataDir);
  if (await sessions.inspect(sessionId)) throw new Error(`session ${sessionId} has a directory already`);
  await rename(sessions.at(cellId), sessions.at(sessionId));
  await symlink(sessionId, sessions.at(cellId));
}

/** Removes the directory of a cell that no session has taken over; of one that was taken over, the old path alone. */
export async function discardDirectory(dataDir: string, cellId: string): Promise<void> {
  await using sessions = await openSessions(dataDir);
  await using staging = await openStaging(sessions);
  await discard(sessions, cellId, staging);
}

/** Says whose the directory of a cell is. @returns its name as a copy. */
export async function markCell(dataDir: string, cellId: string, nodeId: string): Promise<string> {
  await using sessions = await openSessions(dataDir);
  await using root = (await sessions.openDirectory(cellId)) as Directory;
  return (await ensureMarker(root, nodeId)).copy;
}

/**
 * Removes the directories of cells of an earlier life, whose processes are gone. Only while no cell of this node lives;
 * `onlyOf`: other nodes keep theirs in the same place.
 */
export async function discardCells(dataDir: string, onlyOf: string | null): Promise<void> {
  await using sessions = await openSessions(dataDir);
  await using staging = await openStaging(sessions);
  for (const name of await readdir(sessions.self)) {
    if (!CELL_NAME.test(name) || !(await sessions.inspect(name))?.isDirectory()) continue;
    await using root = onlyOf === null ? null : await sessions.openDirectory(name);
    const node = root && (await readMarker(root))?.node;
    if (onlyOf === null || node === onlyOf) await discard(sessions, name, staging);
  }
}

/** Removes the old paths of sessions whose directories are gone. */
export async function discardOldPaths(dataDir: string): Promise<void> {
  await using sessions = await openSessions(dataDir);
  for (const name of await readdir(sessions.self)) {
    if (!CELL_NAME.test(name) || !(await sessions.inspect(name))?.isSymbolicLink()) continue;
    if (!(await sessions.inspect(await sessions.linkTarget(name)))) await unlink(sessions.at(name));
  }
}
