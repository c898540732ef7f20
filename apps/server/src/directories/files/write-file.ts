import type { BigIntStats } from 'node:fs';
import { link, rename, unlink } from 'node:fs/promises';
import { ApiError } from '@aaas/contract/errors';
import type { FileEntry } from '@aaas/contract/files';
import type { Pool } from 'pg';
import { linkError, quoted } from '../confined/descend.ts';
import type { Directory } from '../confined/directory.ts';
import { fileError } from '../confined/file-error.ts';
import { type Staging, stageFile } from '../confined/staging.ts';
import { openStagingOf, prepareWork, type SessionPlace } from '../directory-site.ts';
import { changeFiles } from './change-files.ts';
import { describeEntry, etagOf } from './describe-entry.ts';
import { makeDirectories } from './make-directories.ts';
import { writeAll } from './receive.ts';

export interface WriteOptions {
  /** Permission bits; those of the file that is replaced, or 0644, without it. */
  mode: number | undefined;
  /** Only if what is there has one of these tags; `*`: only if there is something. */
  ifMatch: string[] | null;
  /** Only if there is nothing. */
  mustBeNew: boolean;
}

const MODE = 0o644;

/**
 * Writes a file, whole or not at all: it is received beside the directory, given to the agent and then put in its
 * place. Directories on the way are made.
 */
export async function writeFile(
  pool: Pool,
  place: SessionPlace,
  names: string[],
  chunks: AsyncIterable<Buffer>,
  options: WriteOptions,
): Promise<{ entry: FileEntry; created: boolean }> {
  const shown = names.join('/');
  const name = names.at(-1);
  if (name === undefined)
    throw new ApiError('invalid_request', 'path: name the file to write, as in …/files/notes.txt.');
  await using staging = await openStagingOf(place.site);
  const staged = await stageFile(staging);
  await using file = staged.file;
  try {
    await writeAll(file, chunks);
    if (place.owner) await file.chown(place.owner.uid, place.owner.gid);
    await file.sync();
    return await changeFiles(pool, place, async () => {
      await using work = await prepareWork(pool, place);
      const { directory } = await makeDirectories(work, names.slice(0, -1), place.owner, staging);
      await using parent: Directory = directory;
      const before = await parent.inspect(name);
      requireReplaceable(before, shown, options);
      await file.chmod(options.mode ?? (before ? Number(before.mode) & 0o777 : MODE));
      await putInPlace(staging, staged.name, parent, name, options.mustBeNew);
      const info = await file.stat({ bigint: true });
      const entry = await describeEntry(parent, Buffer.from(name), names.slice(0, -1).join('/'), info);
      return { entry, created: before === null };
    });
  } catch (error) {
    throw fileError(error, shown);
  } finally {
    await unlink(staging.directory.at(staged.name)).catch(() => {});
  }
}

function requireReplaceable(before: BigIntStats | null, shown: string, options: WriteOptions): void {
  if (before?.isSymbolicLink()) throw linkError(shown);
  if (before?.isDirectory()) throw new ApiError('not_a_file', `${quoted(shown)} is a directory.`);
  if (before && !before.isFile()) {
    throw new ApiError('path_not_allowed', `${quoted(shown)} is not a regular file. Delete it first.`);
  }
  const matches = options.ifMatch === null || (before && matchesTag(before, options.ifMatch));
  if (matches && !(options.mustBeNew && before)) return;
  throw new ApiError(
    'precondition_failed',
    options.mustBeNew
      ? `${quoted(shown)} exists already. Leave out If-None-Match to replace it.`
      : `${quoted(shown)} is not what If-Match names any more. Read it again.`,
  );
}

/** Whether a list of entity tags names this file. */
export function matchesTag(info: BigIntStats, tags: string[]): boolean {
  return tags.includes('*') || tags.includes(etagOf(info));
}

async function putInPlace(
  staging: Staging,
  staged: string,
  parent: Directory,
  name: string,
  mustBeNew: boolean,
): Promise<void> {
  const path = staging.directory.at(staged);
  if (!mustBeNew) return rename(path, parent.at(name));
  // A link, unlike a move, fails when the agent has been faster.
  await link(path, parent.at(name));
  await unlink(path);
}
