import { rename } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ApiError } from '@aaas/contract/errors';
import type { UnpackResult } from '@aaas/contract/files';
import type { Pool } from 'pg';
import { gunzip } from '../archives/gunzip.ts';
import { tooMany } from '../archives/invalid-archive.ts';
import { readTar } from '../archives/read-tar.ts';
import { type Unpacked, unpackItem } from '../archives/unpack-tree.ts';
import { quoted } from '../confined/descend.ts';
import type { Directory } from '../confined/directory.ts';
import { discard } from '../confined/discard.ts';
import { fileError } from '../confined/file-error.ts';
import { readNames } from '../confined/read-names.ts';
import { stageDirectory } from '../confined/staging.ts';
import { openStagingOf, prepareWork, type SessionPlace } from '../directory-site.ts';
import { changeFiles } from './change-files.ts';
import { joinPath } from './describe-entry.ts';
import { makeDirectories } from './make-directories.ts';
import { bounded } from './receive.ts';

export interface ArchiveBounds {
  MAX_ARCHIVE_BYTES: number;
  MAX_ARCHIVE_ENTRIES: number;
}

/**
 * Unpacks a .tar.gz into a directory of the agent's: all of it is received and checked first, then each file replaces
 * what is there. @throws invalid_archive with nothing changed
 */
export async function unpackInto(
  pool: Pool,
  place: SessionPlace,
  names: string[],
  body: Readable,
  bounds: ArchiveBounds,
): Promise<UnpackResult> {
  await using staging = await openStagingOf(place.site);
  const staged = await stageDirectory(staging, place.owner);
  try {
    await using received = (await staging.directory.openDirectory(staged)) as Directory;
    const unpacked = await receiveArchive(received, place, body, bounds);
    await changeFiles(pool, place, async () => {
      await using work = await prepareWork(pool, place);
      const made = await makeDirectories(work, names, place.owner, staging);
      await using target: Directory = made.directory;
      await merge(received, target, names.join('/'), { left: 2 * bounds.MAX_ARCHIVE_ENTRIES });
    });
    const { sizeBytes: size_bytes, ...counts } = unpacked;
    return { path: names.join('/'), ...counts, size_bytes };
  } catch (error) {
    throw fileError(error, names.join('/'));
  } finally {
    await discard(staging.directory, staged, staging);
  }
}

async function receiveArchive(
  into: Directory,
  place: SessionPlace,
  body: Readable,
  bounds: ArchiveBounds,
): Promise<Unpacked> {
  const unpacked: Unpacked = { files: 0, directories: 0, symlinks: 0, sizeBytes: 0 };
  const max = bounds.MAX_ARCHIVE_BYTES;
  let entries = 0;
  for await (const item of readTar(gunzip(bounded(body, max, 'MAX_ARCHIVE_BYTES'), max))) {
    if (++entries > bounds.MAX_ARCHIVE_ENTRIES) throw tooMany(bounds);
    await unpackItem(into, item, item.path, place.owner, unpacked, bounds);
  }
  return unpacked;
}

/** Moves what is in one directory into another. */
async function merge(from: Directory, to: Directory, path: string, budget: { left: number }): Promise<void> {
  for (const name of await readNames(from, budget)) {
    const shown = joinPath(path, name.toString());
    const [mine, theirs] = [await from.inspect(name), await to.inspect(name)];
    if (mine?.isDirectory() && theirs?.isDirectory()) {
      await using source = (await from.openDirectory(name)) as Directory;
      await using target = await to.openDirectory(name);
      if (target) await merge(source, target, shown, budget);
    } else if (theirs && theirs.isDirectory() !== mine?.isDirectory()) {
      throw new ApiError(
        'already_exists',
        `${quoted(shown)} is ${theirs.isDirectory() ? 'a directory' : 'no directory'} here, but not in the archive.`,
      );
    } else await rename(from.at(name), to.at(name));
  }
}
