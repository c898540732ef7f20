import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ApiError } from '@aaas/contract/errors';
import { tooLarge } from '../files/receive.ts';
import { invalidArchive } from './invalid-archive.ts';

/** Unpacks gzip, `maxBytes` at most: a few bytes can become very many. @throws invalid_archive, payload_too_large */
export async function* gunzip(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  const unzip = createGunzip();
  const fed = pipeline(chunks, unzip).catch(() => {});
  let unpacked = 0;
  try {
    for await (const chunk of unzip as AsyncIterable<Buffer>) {
      unpacked += chunk.length;
      if (unpacked > maxBytes) throw tooLarge(maxBytes, 'MAX_ARCHIVE_BYTES, unpacked');
      yield chunk;
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw invalidArchive('is not gzip, or damaged. Send a .tar.gz', error);
  } finally {
    unzip.destroy();
    await fed;
  }
}
