import { randomBytes } from 'node:crypto';
import { access, constants, type FileHandle, mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { contentOf } from '../archives/pack-directory.ts';
import { writeAll } from '../files/receive.ts';
import { ArchiveMissing, type DirectoryStore } from './directory-store.ts';

/**
 * Archives in a directory, such as a volume that all nodes mount. It is not made: where it is missing, the volume may
 * not be mounted. @throws when it cannot be written
 */
export async function openFileStore(location: string, path: string): Promise<DirectoryStore> {
  await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  return {
    location,
    put: async (key, file, size, signal) => {
      const target = join(path, key);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      const part = `${target}.${randomBytes(6).toString('hex')}.part`;
      try {
        await using written = await open(part, 'wx', 0o600);
        await writeAll(written, until(signal, contentOf(file, size, key)));
        await written.sync();
        await rename(part, target);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    },
    get: async (key, signal) => {
      const file = await open(join(path, key), 'r').catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOENT' ? new ArchiveMissing(location, key) : error;
      });
      return until(signal, contentOfOwn(file, key));
    },
    remove: async (key) => {
      await rm(join(path, key), { force: true });
      // Of the session and the workspace, if this was their last.
      for (const above of [dirname(key), dirname(dirname(key))]) {
        if (
          above !== '.' &&
          !(await rmdir(join(path, above)).then(
            () => true,
            () => false,
          ))
        )
          return;
      }
    },
    close: () => {},
  };
}

/** Closes the file in the end. */
async function* contentOfOwn(file: FileHandle, key: string): AsyncGenerator<Buffer> {
  try {
    yield* contentOf(file, (await file.stat()).size, key);
  } finally {
    await file.close();
  }
}

async function* until(signal: AbortSignal, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}
