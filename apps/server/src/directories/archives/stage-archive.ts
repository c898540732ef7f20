import { type FileHandle, unlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { fileError } from '../confined/file-error.ts';
import { stageFile } from '../confined/staging.ts';
import { openStagingOf, type SessionPlace } from '../directory-site.ts';
import { tooLarge, writeAll } from '../files/receive.ts';
import { ArchivePlaces } from './archive-places.ts';
import { TAR_END } from './write-tar.ts';

const places = new ArchivePlaces('packs # archives');
// Twice as fast as the usual level, and hardly larger.
const GZIP_LEVEL = 3;

/**
 * Writes an archive to a file that has no name and is gone when it is closed: what goes wrong is known before anything
 * is sent, and so is the length. The caller closes it.
 * @param maxBytes of the archive before it is compressed, headers and all: whoever unpacks it counts them, too
 * @throws unavailable when this node packs enough already, or enough of the workspace; payload_too_large
 */
export async function stageArchive(
  { site, workspaceId }: Pick<SessionPlace, 'site' | 'workspaceId'>,
  format: 'tar' | 'tar.gz',
  entries: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<{ file: FileHandle; size: number }> {
  using _place = places.take(workspaceId);
  let file: FileHandle | null = null;
  try {
    await using staging = await openStagingOf(site);
    const staged = await stageFile(staging);
    file = staged.file;
    await unlink(staging.directory.at(staged.name));
    const opened = file;
    const write = (chunks: AsyncIterable<Buffer>) => writeAll(opened, chunks);
    if (format === 'tar') await write(ended(entries, maxBytes));
    else await pipeline(ended(entries, maxBytes), createGzip({ level: GZIP_LEVEL }), write as never);
    return { file, size: Number((await file.stat()).size) };
  } catch (error) {
    await file?.close();
    throw fileError(error, 'the archive');
  }
}

async function* ended(entries: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = TAR_END.length;
  for await (const chunk of entries) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes, 'MAX_ARCHIVE_BYTES');
    yield chunk;
  }
  yield TAR_END;
}
