import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface PostmasterFile {
  readonly pid: number;
  readonly socketDir: string;
  /** Written last; empty while the postmaster has not come that far. */
  readonly status: 'starting' | 'ready' | 'stopping' | '';
}

export function postmasterFilePath(cluster: string): string {
  return join(cluster, 'postmaster.pid');
}

/**
 * What the postmaster of this data directory says about itself, or null. Lines of the file: process id, data
 * directory, start time, port, socket directory, address, shared memory, status.
 */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | null> {
  const text = await readFile(postmasterFilePath(cluster), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null; // being written, or emptied by a crash of the machine
  const status = lines[7];
  return {
    pid,
    socketDir: lines[4] ?? '',
    status: status === 'ready' || status === 'starting' || status === 'stopping' ? status : '',
  };
}

/** Two names of one directory, for instance through a link or a bind mount. */
export async function isSameDirectory(a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  const [first, second] = await Promise.all([a, b].map((path) => stat(path).catch(() => null)));
  return first != null && second != null && first.dev === second.dev && first.ino === second.ino;
}
