import { rmdir, unlink } from 'node:fs/promises';
import { ApiError } from '@aaas/contract/errors';
import type { Pool } from 'pg';
import { descend, nothingAt, quoted } from '../confined/descend.ts';
import { discard } from '../confined/discard.ts';
import { fileError } from '../confined/file-error.ts';
import { openStagingOf, openWork, type SessionPlace } from '../directory-site.ts';
import { changeFiles } from './change-files.ts';
import { matchesTag } from './write-file.ts';

/** Removes a file, a link (not what it points to) or a directory; one that is not empty only with `recursive`. */
export async function removePath(
  pool: Pool,
  place: SessionPlace,
  names: string[],
  options: { recursive: boolean; ifMatch: string[] | null },
): Promise<void> {
  const shown = names.join('/');
  const name = names.at(-1);
  if (name === undefined) {
    throw new ApiError('invalid_request', 'path: the working directory itself stays. Name what is to be removed.');
  }
  await using staging = await openStagingOf(place.site);
  await changeFiles(pool, place, async () => {
    await using work = await openWork(place);
    if (!work) throw nothingAt(shown);
    await using parent = await descend(work, names.slice(0, -1));
    try {
      const info = await parent.inspect(name);
      if (!info) throw nothingAt(shown);
      if (options.ifMatch && !matchesTag(info, options.ifMatch)) {
        throw new ApiError('precondition_failed', `${quoted(shown)} is not what If-Match names any more.`);
      }
      if (!info.isDirectory()) await unlink(parent.at(name));
      else if (options.recursive) await discard(parent, name, staging);
      else await removeEmpty(() => rmdir(parent.at(name)), shown);
    } catch (error) {
      throw fileError(error, shown);
    }
  });
}

async function removeEmpty(remove: () => Promise<void>, shown: string): Promise<void> {
  await remove().catch((error) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    throw new ApiError(
      'directory_not_empty',
      `${quoted(shown)} is a directory with something in it. Add ?recursive=true to remove all of it.`,
    );
  });
}
