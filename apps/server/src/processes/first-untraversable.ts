import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { join, parse, resolve, sep } from 'node:path';

// As many as Linux follows before it answers ELOOP.
const LINKS_MAX = 40;

/**
 * The first directory on the way to `path` (itself included) that a process of this uid and group may not enter, or
 * null. Links are followed; what does not exist yet does not block. Only mode bits are read: an access list that
 * grants more is not seen, so the answer errs towards "blocked".
 */
export function firstUntraversable(path: string, uid: number, gid: number): string | null {
  if (uid === 0) return null;
  const { root } = parse(resolve(path));
  const pending = resolve(path).split(sep).filter(Boolean);
  let here = root;
  let links = 0;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    const next = join(here, name);
    const info = lstatSync(next, { throwIfNoEntry: false });
    if (!info) return null;
    if (info.isSymbolicLink()) {
      if (++links > LINKS_MAX) return next;
      const target = readlinkSync(next);
      pending.unshift(...target.split(sep).filter(Boolean));
      if (target.startsWith(sep)) here = root;
      continue;
    }
    if (info.isDirectory() && !mayEnter(info, uid, gid)) return next;
    here = next;
  }
  return null;
}

function mayEnter(directory: Stats, uid: number, gid: number): boolean {
  // The kernel looks at one class only: an owner without the bit is refused even if others have it.
  if (directory.uid === uid) return (directory.mode & 0o100) !== 0;
  if (directory.gid === gid) return (directory.mode & 0o010) !== 0;
  return (directory.mode & 0o001) !== 0;
}
