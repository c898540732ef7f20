import { constants } from 'node:fs';
import { access, chmod, mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { StartupError } from './startup-error.ts';

/**
 * Makes the data directory when it is missing and checks that we may write to it. Closed to other users; as root they
 * may pass through, for the agents and the database run as users of their own. @returns its absolute path.
 */
export async function prepareDataDir(path: string): Promise<string> {
  const dataDir = resolve(path);
  const isRoot = process.getuid?.() === 0;
  try {
    // One that was there keeps its mode: it may be somebody's home.
    if (await makePath(dataDir)) await chmod(dataDir, isRoot ? 0o711 : 0o700);
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? error;
    throw new StartupError(`The data directory ${dataDir} cannot be written (${code}). Set DATA_DIR to one that can.`, {
      cause: error,
    });
  }
  return dataDir;
}

/** Node's own `recursive` never ends where a directory refuses children as if it were missing itself: /proc. */
async function makePath(path: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await makePath(dirname(path));
    await mkdir(path);
  }
  return true;
}

/**
 * Empties the directory of temporary files and makes it the one that libraries use: what they write for agents must
 * not stay where nobody cleans up. Only after the directory is known to be ours alone.
 */
export async function prepareTemporaryDir(dataDir: string): Promise<void> {
  const tmp = join(dataDir, 'tmp');
  await rm(tmp, { recursive: true, force: true });
  await mkdir(tmp, { mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  process.env.TMPDIR = tmp;
}
