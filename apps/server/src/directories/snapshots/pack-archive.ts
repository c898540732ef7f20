import { createHash } from 'node:crypto';
import { type FileHandle, unlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { type PackState, packDirectory } from '../archives/pack-directory.ts';
import { TAR_END } from '../archives/write-tar.ts';
import type { Directory } from '../confined/directory.ts';
import { type Staging, stageFile } from '../confined/staging.ts';
import type { SessionPlace } from '../directory-site.ts';
import { writeAll } from '../files/receive.ts';

/** A directory as .tar.zst, in a file without a name that is gone when it is closed. The caller closes it. */
export interface PackedArchive {
  file: FileHandle;
  size: number;
  /** SHA-256 in hex. */
  sha256: string;
  unpackedBytes: number;
  skipped: number;
}

/** @throws payload_too_large, agent_busy when a file shrinks meanwhile, or the reason of `signal` */
export async function packArchive(
  work: Directory,
  place: Pick<SessionPlace, 'owner'>,
  staging: Staging,
  bounds: { maxBytes: number; maxEntries: number },
  signal: AbortSignal,
): Promise<PackedArchive> {
  const state: PackState = { ...bounds, bytes: 0, entries: 0, skipped: [], outsideLinks: true };
  const staged = await stageFile(staging);
  const { file } = staged;
  const hash = createHash('sha256');
  let unpackedBytes = 0;
  try {
    await unlink(staging.directory.at(staged.name));
    const entries = async function* () {
      for await (const chunk of packDirectory(work, place, '', state)) {
        signal.throwIfAborted();
        unpackedBytes += chunk.length;
        yield chunk;
      }
      unpackedBytes += TAR_END.length;
      yield TAR_END;
    };
    const hashed = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    };
    let size = 0;
    await pipeline(entries, createZstdCompress(), async (chunks: AsyncIterable<Buffer>) => {
      size = await writeAll(file, hashed(chunks));
    });
    return { file, size, sha256: hash.digest('hex'), unpackedBytes, skipped: state.skipped.length };
  } catch (error) {
    await file.close();
    throw error;
  }
}
