import { ApiError } from '@aaas/contract/errors';
import type { FileEntry } from '@aaas/contract/files';
import type { Pool } from 'pg';
import type { Directory } from '../confined/directory.ts';
import { fileError } from '../confined/file-error.ts';
import { openStagingOf, prepareWork, type SessionPlace } from '../directory-site.ts';
import { changeFiles } from './change-files.ts';
import { describeEntry } from './describe-entry.ts';
import { makeDirectories } from './make-directories.ts';

/** Makes a directory and those above it. One that exists is fine. */
export async function makeDirectory(
  pool: Pool,
  place: SessionPlace,
  names: string[],
): Promise<{ entry: FileEntry; created: boolean }> {
  const name = names.at(-1);
  if (name === undefined) throw new ApiError('invalid_request', 'path: the working directory is there already.');
  await using staging = await openStagingOf(place.site);
  return await changeFiles(pool, place, async () => {
    await using work = await prepareWork(pool, place);
    try {
      const made = await makeDirectories(work, names, place.owner, staging);
      await using directory: Directory = made.directory;
      const info = await directory.handle.stat({ bigint: true });
      const entry = await describeEntry(directory, Buffer.from(name), names.slice(0, -1).join('/'), info);
      return { entry, created: made.created };
    } catch (error) {
      throw fileError(error, names.join('/'));
    }
  });
}
