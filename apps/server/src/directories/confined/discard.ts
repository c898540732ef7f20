import { chmod, opendir, rename, rmdir, unlink } from 'node:fs/promises';
import type { Directory, Name } from './directory.ts';
import type { Staging } from './staging.ts';

/**
 * Removes whatever `name` stands for, at once for everybody who looks, and then its content. Directories are first
 * moved to where no agent can reach them and taken apart there one by one: no tree is too deep, and no path is
 * followed that could be exchanged meanwhile.
 */
export async function discard(from: Directory, name: Name, staging: Staging): Promise<void> {
  const info = await from.inspect(name);
  if (!info) return;
  if (!info.isDirectory()) return unlink(from.at(name));
  const pending = [await moveOut(from, name, staging)];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) await takeApart(next, pending, staging);
}

/** A process that still sits in the directory may go on writing there; what it adds last goes at the next start. */
async function takeApart(name: string, pending: string[], staging: Staging): Promise<void> {
  await using directory = await openAnyway(staging.directory, name);
  if (!directory) return;
  for (let removed = 1; removed > 0; ) {
    removed = 0;
    for await (const entry of await opendir(directory.self, { encoding: 'buffer' as BufferEncoding })) {
      const child = entry.name as unknown as Buffer;
      await unlink(directory.at(child)).catch(async (error) => {
        if (error.code === 'ENOENT') return;
        if (!(await directory.inspect(child))?.isDirectory()) throw error;
        pending.push(await moveOut(directory, child, staging));
      });
      removed++;
    }
    const left = await rmdir(staging.directory.at(name)).catch((error: NodeJS.ErrnoException) => error.code);
    if (left !== 'ENOTEMPTY') return;
  }
}

async function moveOut(from: Directory, name: Name, staging: Staging): Promise<string> {
  const target = staging.newName();
  const move = () => rename(from.at(name), staging.directory.at(target));
  // Who is not root may not move a directory that forbids its owner to write.
  await move().catch((error) => retryWithRights(error, from, name, move));
  return target;
}

async function openAnyway(from: Directory, name: Name): Promise<Directory | null> {
  const open = () => from.openDirectory(name);
  const directory = await open().catch((error) => retryWithRights(error, from, name, open));
  await directory?.handle.chmod(0o700);
  return directory;
}

async function retryWithRights<T>(
  error: NodeJS.ErrnoException,
  from: Directory,
  name: Name,
  again: () => Promise<T>,
): Promise<T> {
  // Root needs no rights, and must not follow a name that an agent could exchange.
  if (error.code !== 'EACCES' || process.getuid?.() === 0) throw error;
  if (!(await from.inspect(name))?.isDirectory()) throw error;
  await chmod(from.at(name), 0o700);
  return again();
}
