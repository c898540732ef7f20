import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { User } from '../../processes/passage.ts';
import type { Directory } from './directory.ts';

/** A place beside the directories of the sessions that no agent can enter: what is new is made there and moved in. */
export interface Staging extends AsyncDisposable {
  readonly directory: Directory;
  newName(): string;
}

const NAME = '.incoming';

/** Opens the staging area in the directory that holds those of all sessions, made when it is missing. */
export async function openStaging(sessions: Directory): Promise<Staging> {
  await mkdir(sessions.at(NAME), { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const directory = (await sessions.openDirectory(NAME)) as Directory;
  return {
    directory,
    newName: () => randomBytes(16).toString('hex'),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

// What another server has begun is done by then.
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Removes what an earlier life of the server has left half done. Only while nothing else works on the directory;
 * `shared`: other servers do, and only what is old goes.
 */
export async function clearStaging(dataDir: string, shared: boolean): Promise<void> {
  const path = join(dataDir, 'sessions', NAME);
  if (!shared) return rm(path, { recursive: true, force: true });
  for (const name of await readdir(path).catch(() => [])) {
    const info = await lstat(join(path, name)).catch(() => null);
    if (info && Date.now() - info.ctimeMs > ABANDONED_AFTER_MS)
      await rm(join(path, name), { recursive: true, force: true });
  }
}

/** A new file in the staging area, open for writing and reading. */
export async function stageFile(staging: Staging): Promise<{ name: string; file: FileHandle }> {
  const name = staging.newName();
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  return { name, file: await staging.directory.openFile(name, flags, 0o600) };
}

/** A new directory in the staging area that belongs to `owner`. */
export async function stageDirectory(staging: Staging, owner: User | null, mode = 0o755): Promise<string> {
  const name = staging.newName();
  await mkdir(staging.directory.at(name), { mode });
  await using made = (await staging.directory.openDirectory(name)) as Directory;
  if (owner) await made.handle.chown(owner.uid, owner.gid);
  await made.handle.chmod(mode);
  return name;
}
