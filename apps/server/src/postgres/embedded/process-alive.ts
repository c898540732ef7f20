import { readFileSync } from 'node:fs';

/** Whether the process runs. One that has ended but was not collected by its parent (a zombie) does not. */
export function isAlive(pid: number): boolean {
  return holdsId(pid) && !isZombie(pid);
}

/** Whether there is a process of this id, be it a zombie: all that PostgreSQL looks at. */
export function holdsId(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A container's first process often collects no orphans: they stay zombies until the container ends. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const state = stat.charAt(stat.lastIndexOf(')') + 2); // the name before it may hold anything
    return state === 'Z' || state === 'X';
  } catch {
    return false; // hidden from us, or gone just now: the next look will tell
  }
}
