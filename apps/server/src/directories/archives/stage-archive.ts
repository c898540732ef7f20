import { type FileHandle, unlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ApiError } from '@aaas/contract/errors';
import { fileError } from '../confined/file-error.ts';
import { stageFile } from '../confined/staging.ts';
import { type DirectorySite, openStagingOf } from '../directory-site.ts';
import { writeAll } from '../files/receive.ts';
import { TAR_END } from './write-tar.ts';

const AT_ONCE = 4;
// Twice as fast as the usual level, and hardly larger.
const GZIP_LEVEL = 3;
let underWay = 0;

/**
 * Writes an archive to a file that has no name and is gone when it is closed: what goes wrong is known before anything
 * is sent, and so is the length. The caller closes it. @throws unavailable when this node packs enough already
 */
export async function stageArchive(
  site: DirectorySite,
  format: 'tar' | 'tar.gz',
  entries: AsyncIterable<Buffer>,
): Promise<{ file: FileHandle; size: number }> {
  if (underWay >= AT_ONCE) {
    throw new ApiError('unavailable', `This node packs ${AT_ONCE} archives already. Try again in a moment.`, {
      retryAfterSeconds: 5,
    });
  }
  underWay++;
  let file: FileHandle | null = null;
  try {
    await using staging = await openStagingOf(site);
    const staged = await stageFile(staging);
    file = staged.file;
    await unlink(staging.directory.at(staged.name));
    const opened = file;
    const write = (chunks: AsyncIterable<Buffer>) => writeAll(opened, chunks);
    if (format === 'tar') await write(ended(entries));
    else await pipeline(ended(entries), createGzip({ level: GZIP_LEVEL }), write as never);
    return { file, size: Number((await file.stat()).size) };
  } catch (error) {
    await file?.close();
    throw fileError(error, 'the archive');
  } finally {
    underWay--;
  }
}

async function* ended(entries: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* entries;
  yield TAR_END;
}
