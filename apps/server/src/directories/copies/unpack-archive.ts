import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import type { User } from '../../processes/passage.ts';
import type { DirectoryArchive } from '../../sessions/lifecycle/directory-snapshot.ts';
import { contentOf } from '../archives/pack-directory.ts';
import { readTar } from '../archives/read-tar.ts';
import { type Unpacked, unpackItem } from '../archives/unpack-tree.ts';
import type { Directory } from '../confined/directory.ts';
import { type Staging, stageFile } from '../confined/staging.ts';
import { writeAll } from '../files/receive.ts';
import { ArchiveMissing, type DirectoryStore } from '../store/directory-store.ts';

/**
 * Puts what an archive holds into a directory that nobody else can reach yet. Nothing is unpacked before all of it is
 * here and is what was stored. @throws with a sentence for the operator
 */
export async function unpackArchive(
  store: DirectoryStore | null,
  archive: DirectoryArchive,
  into: { work: Directory; owner: User | null; staging: Staging },
  signal: AbortSignal,
): Promise<void> {
  const { work, owner, staging } = into;
  if (!store) throw failed('this node has no store of directories', `it lies in ${archive.location}`);
  const { name, file } = await stageFile(staging);
  try {
    await unlink(staging.directory.at(name));
    const hash = createHash('sha256');
    const received = async function* () {
      for await (const chunk of fetched(store, archive, signal)) {
        hash.update(chunk);
        yield chunk;
      }
    };
    const size = await writeAll(file, received());
    if (hash.digest('hex') !== archive.sha256) {
      throw failed(
        `it is not what was stored: ${size} bytes with another SHA-256 than the ${archive.archive_bytes} that were`,
        `${archive.key} in ${store.location}`,
      );
    }
    const unzip = createZstdDecompress();
    const fed = pipeline(contentOf(file, size, archive.key), unzip, { signal });
    fed.catch(() => {});
    const unpacked: Unpacked = { files: 0, directories: 0, symlinks: 0, sizeBytes: 0 };
    const tar = bounded(unzip as AsyncIterable<Buffer>, archive.unpacked_bytes);
    for await (const item of readTar(tar)) await unpackItem(work, item, item.path, owner, unpacked, null);
    await fed;
  } finally {
    await file.close();
  }
}

async function* fetched(store: DirectoryStore, archive: DirectoryArchive, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* await store.get(archive.key, signal);
  } catch (error) {
    throw fetchError(error as Error, archive, store.location);
  }
}

async function* bounded(chunks: AsyncIterable<Buffer>, max: number): AsyncGenerator<Buffer> {
  let read = 0;
  for await (const chunk of chunks) {
    read += chunk.length;
    if (read > max) throw new Error('the snapshot unpacks to more than was packed');
    yield chunk;
  }
}

function fetchError(error: Error, archive: DirectoryArchive, location: string): Error {
  if (!(error instanceof ArchiveMissing)) return failed('the store does not give it', error);
  const moved = archive.location !== location;
  return failed('it is not in the store', moved ? `it was stored in ${archive.location}: copy it over` : error);
}

/** Tenants read the sentence; where the store lies is the operator's, and stands in the log. */
function failed(why: string, detail: string | Error): Error {
  const cause = typeof detail === 'string' ? new Error(detail) : detail;
  return new Error(`the snapshot of its directory could not be restored: ${why}`, { cause });
}
