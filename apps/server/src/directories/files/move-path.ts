import { link, rename, unlink } from 'node:fs/promises';
import { ApiError } from '@aaas/contract/errors';
import type { FileEntry } from '@aaas/contract/files';
import type { Pool } from 'pg';
import { descend, nothingAt, quoted } from '../confined/descend.ts';
import type { Directory } from '../confined/directory.ts';
import { fileError } from '../confined/file-error.ts';
import { openStagingOf, openWork, type SessionPlace } from '../directory-site.ts';
import { changeFiles } from './change-files.ts';
import { describeEntry } from './describe-entry.ts';
import { makeDirectories } from './make-directories.ts';

/** Moves a file, a link or a directory within the working directory; directories on the way are made. */
export async function movePath(
  pool: Pool,
  place: SessionPlace,
  from: string[],
  to: string[],
  overwrite: boolean,
): Promise<FileEntry> {
  const [oldName, newName] = [from.at(-1), to.at(-1)];
  if (oldName === undefined || newName === undefined) {
    throw new ApiError('invalid_request', 'from, to: name paths below the working directory.');
  }
  if (to.length > from.length && from.every((name, index) => to[index] === name)) {
    throw new ApiError('invalid_request', 'to: a directory cannot be moved into itself.');
  }
  await using staging = await openStagingOf(place.site);
  return await changeFiles(pool, place, async () => {
    await using work = await openWork(place);
    if (!work) throw nothingAt(from.join('/'));
    await using source = await descend(work, from.slice(0, -1));
    const info = await source.inspect(oldName);
    if (!info) throw nothingAt(from.join('/'));
    const made = await makeDirectories(work, to.slice(0, -1), place.owner, staging);
    await using target: Directory = made.directory;
    try {
      const before = await target.inspect(newName);
      if (before && !(overwrite && !before.isDirectory() && !info.isDirectory())) {
        throw new ApiError(
          'already_exists',
          `${quoted(to.join('/'))} exists already.${overwrite ? '' : ' Add overwrite to replace a file.'}`,
        );
      }
      if (overwrite || !info.isFile()) await rename(source.at(oldName), target.at(newName));
      else {
        await link(source.at(oldName), target.at(newName));
        await unlink(source.at(oldName));
      }
      const moved = (await target.inspect(newName)) ?? info;
      return await describeEntry(target, Buffer.from(newName), to.slice(0, -1).join('/'), moved);
    } catch (error) {
      throw fileError(error, to.join('/'));
    }
  });
}
