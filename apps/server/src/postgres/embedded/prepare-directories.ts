import { access, chmod, chown, constants, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { StartupError } from '../../start/startup-error.ts';
import { type EmbeddedPaths, embeddedPaths } from './embedded-paths.ts';
import type { ServerAccount } from './server-account.ts';

/**
 * DATA_DIR, made when missing. It belongs to the server's own user. As root others may pass through it (0711), for the
 * database and the agents live below it under users of their own; otherwise nobody else may enter (0700).
 */
export async function prepareDataDir(dataDir: string): Promise<EmbeddedPaths> {
  const path = resolve(dataDir);
  try {
    await makeDataDir(path, process.geteuid?.() === 0);
    return embeddedPaths(await realpath(path));
  } catch (cause) {
    if (cause instanceof StartupError) throw cause;
    throw new StartupError(
      `The data directory ${path} cannot be used (${(cause as Error).message}): give it to the user that the server runs as, or set DATA_DIR to another folder.`,
      { cause },
    );
  }
}

async function makeDataDir(path: string, root: boolean): Promise<void> {
  const mode = root ? 0o711 : 0o700;
  const firstMade = await mkdir(path, { recursive: true, mode });
  if (firstMade !== undefined) {
    // Whatever the umask: a parent that we make and nobody else may pass would block the database's user.
    for (let made = path; made === firstMade || made.startsWith(firstMade + sep); made = dirname(made)) {
      await chmod(made, mode);
    }
    return;
  }
  const info = await stat(path);
  if (!info.isDirectory()) throw new StartupError(`DATA_DIR ${path} is not a directory.`);
  const own = info.uid === process.geteuid?.();
  // From root, the right to write that a group has is enough: so are volumes prepared.
  if (!own && !root && info.uid === 0 && (await mayWrite(path))) return;
  if (!own && !(root && (await isEmpty(path)))) {
    throw new StartupError(
      `The data directory ${path} belongs to user id ${info.uid}, but the server runs as ${process.geteuid?.()}: run it as that user, or set DATA_DIR to another folder.`,
    );
  }
  if (!own) await chown(path, 0, 0); // a fresh mount belongs to whoever made it
  if (await isEmpty(path)) return chmod(path, mode);
  // It may be somebody's home or /var: nothing is tightened there except that others could replace our files.
  if ((info.mode & 0o1000) !== 0) {
    throw new StartupError(
      `The data directory ${path} is shared with other users: set DATA_DIR to a folder of its own.`,
    );
  }
  if ((info.mode & 0o022) !== 0) await chmod(path, info.mode & 0o7755);
}

async function isEmpty(path: string): Promise<boolean> {
  return (await readdir(path)).length === 0;
}

async function mayWrite(path: string): Promise<boolean> {
  return access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The directory of the embedded database; it is the server's, also when the database runs as somebody else. */
export async function prepareHome({ home }: EmbeddedPaths): Promise<void> {
  await mkdir(home, { mode: 0o700 }).catch(ignoreExisting);
  const info = await lstat(home);
  if (!info.isDirectory() || info.uid !== process.geteuid?.()) {
    throw new StartupError(
      `${home} belongs to user id ${info.uid}, but the server runs as ${process.geteuid?.()}: run it as that user, or give it the folder with 'chown -R'.`,
    );
  }
}

/**
 * Lets the database's user pass through, and no more: if that could write there, it could swap what is in it for
 * links that root would then follow.
 */
export async function openHomeTo(account: ServerAccount, { home }: EmbeddedPaths): Promise<void> {
  if (account.stepsDown) await chown(home, 0, account.gid);
  await chmod(home, account.stepsDown ? 0o710 : 0o700);
}

/** A 0700 directory of the database's user, in a directory where only we can put things. */
export async function givePrivateDirectory(path: string, account: ServerAccount): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch(ignoreExisting);
  if (account.stepsDown) await chown(path, account.uid, account.gid);
  await chmod(path, 0o700);
}

export function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
