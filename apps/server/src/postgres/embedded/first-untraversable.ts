import { lstat, readlink } from 'node:fs/promises';
import { join, parse, resolve, sep } from 'node:path';

// As many as Linux follows before it answers ELOOP.
const MAX_LINKS = 40;

/**
 * The first directory on the way to `path` (itself included) that a process of this uid and primary group may not
 * enter, or null. Symbolic links are followed; what does not exist yet does not block. Only mode bits are read:
 * an access list that grants more than the mode is not seen, so the answer errs towards "blocked".
 */
export async function firstUntraversable(path: string, uid: number, gid: number): Promise<string | null> {
  if (uid === 0) return null;
  const { root } = parse(resolve(path));
  const pending = resolve(path).split(sep).filter(Boolean);
  let here = root;
  let links = 0;
  if (!mayEnter(await lstat(root), uid, gid)) return root;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    const next = join(here, name);
    let info: Awaited<ReturnType<typeof lstat>>;
    try {
      info = await lstat(next);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return null;
      if (code === 'EACCES') return here; // not even the caller passes
      throw error;
    }
    if (info.isSymbolicLink()) {
      links += 1;
      if (links > MAX_LINKS) return next;
      const target = await readlink(next);
      pending.unshift(...target.split(sep).filter(Boolean));
      if (target.startsWith(sep)) here = root;
      continue;
    }
    if (info.isDirectory() && !mayEnter(info, uid, gid)) return next;
    here = next;
  }
  return null;
}

function mayEnter(dir: { uid: number; gid: number; mode: number }, uid: number, gid: number): boolean {
  // The kernel looks at one class only: an owner without the bit is refused even if others have it.
  if (dir.uid === uid) return (dir.mode & 0o100) !== 0;
  if (dir.gid === gid) return (dir.mode & 0o010) !== 0;
  return (dir.mode & 0o001) !== 0;
}
