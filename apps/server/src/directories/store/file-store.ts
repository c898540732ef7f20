import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAll } from '../files/receive.ts';
import { ArchiveMissing, type DirectoryStore } from './directory-store.ts';

/** Archives in a directory, such as a volume that all nodes mount. @throws when it cannot be written */
export async function openFileStore(location: string, path: string): Promise<DirectoryStore> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  return {
    location,
    put: async (key, file, _size, signal) => {
      const target = join(path, key);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      const part = `${target}.${randomBytes(6).toString('hex')}.part`;
      try {
        await using written = await open(part, 'wx', 0o600);
        const content = file.createReadStream({ start: 0, autoClose: false, signal });
        await writeAll(written, content as AsyncIterable<Buffer>);
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
      return createReadStream('', { fd: file, start: 0, signal }) as AsyncIterable<Buffer>;
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
