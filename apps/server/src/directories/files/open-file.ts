import { type BigIntStats, constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { ApiError } from '@aaas/contract/errors';
import { descend, linkError, nothingAt, quoted } from '../confined/descend.ts';
import type { Directory } from '../confined/directory.ts';
import { fileError } from '../confined/file-error.ts';
import type { SessionPlace } from '../directory-site.ts';

/** What is found at a path: a file that is open for reading, or a directory. The caller closes the file. */
export type Found = { kind: 'file'; file: FileHandle; info: BigIntStats } | { kind: 'directory' };

/** @throws not_found, path_not_allowed for links and whatever is no regular file */
export async function openAt(work: Directory, place: SessionPlace, names: string[]): Promise<Found> {
  const shown = names.join('/');
  const name = names.at(-1);
  if (name === undefined) return { kind: 'directory' };
  await using parent = await descend(work, names.slice(0, -1));
  try {
    const info = await parent.inspect(name);
    if (!info) throw nothingAt(shown);
    if (info.isDirectory()) return { kind: 'directory' };
    return { kind: 'file', ...(await openRegular(parent, name, info, place, shown)) };
  } catch (error) {
    throw fileError(error, shown);
  }
}

/** Opens a regular file of the agent's for reading. */
export async function openRegular(
  parent: Directory,
  name: string | Buffer,
  seen: BigIntStats,
  place: Pick<SessionPlace, 'owner'>,
  shown: string,
): Promise<{ file: FileHandle; info: BigIntStats }> {
  if (seen.isSymbolicLink()) throw linkError(shown);
  if (!seen.isFile()) throw notRegular(shown);
  const file = await parent.openFile(name, constants.O_RDONLY);
  try {
    // What was looked at may have been replaced before it was opened; this is the file itself.
    const info = await file.stat({ bigint: true });
    if (!info.isFile()) throw notRegular(shown);
    if (isForeign(info, place)) {
      throw new ApiError('path_not_allowed', `${quoted(shown)} is a hard link to a file that is not the agent's.`);
    }
    return { file, info };
  } catch (error) {
    await file.close();
    throw error;
  }
}

// Where the kernel lets users make hard links to files that they cannot read, an agent would have us read them.
function isForeign(info: BigIntStats, { owner }: Pick<SessionPlace, 'owner'>): boolean {
  return owner !== null && info.nlink > 1n && info.uid !== BigInt(owner.uid);
}

function notRegular(shown: string): ApiError {
  return new ApiError('path_not_allowed', `${quoted(shown)} is not a regular file (a pipe, a socket or a device).`);
}
