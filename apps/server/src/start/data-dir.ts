import { constants } from 'node:fs';
import { access, chmod, mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StartupError } from './startup-error.ts';

/**
 * Makes the data directory when it is missing and checks that we may write to it. Closed to other users; as root they
 * may pass through, for the agents and the database run as users of their own. @returns its absolute path.
 */
export async function prepareDataDir(path: string): Promise<string> {
  const dataDir = resolve(path);
  const isRoot = process.getuid?.() === 0;
  try {
    const made = await mkdir(dataDir, { recursive: true });
    // One that was there keeps its mode: it may be somebody's home.
    if (made !== undefined) await chmod(dataDir, isRoot ? 0o711 : 0o700);
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? error;
    throw new StartupError(`The data directory ${dataDir} cannot be written (${code}). Set DATA_DIR to one that can.`, {
      cause: error,
    });
  }
  return dataDir;
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
