import { createHash } from 'node:crypto';
import { chown, lstat, mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { firstUntraversable } from '../../processes/first-untraversable.ts';
import { StartupError } from '../../start/startup-error.ts';
import { socketPath } from './connection-target.ts';
import type { EmbeddedPaths } from './embedded-paths.ts';
import { givePrivateDirectory, ignoreExisting } from './prepare-directories.ts';
import type { ServerAccount } from './server-account.ts';

// sockaddr_un: 108 bytes on Linux, 104 on macOS, each with a terminating zero.
const MAX_SOCKET_PATH = process.platform === 'darwin' ? 103 : 107;

/**
 * A directory for the socket that only the database's user (and root) may enter: whoever reaches the socket is let in
 * without a password. In DATA_DIR; when its path is too long for a socket, in the temporary directory.
 */
export async function prepareSocketDir(paths: EmbeddedPaths, account: ServerAccount): Promise<string> {
  if (fits(paths.socketDir)) {
    await givePrivateDirectory(paths.socketDir, account);
    return paths.socketDir;
  }
  const name = createHash('sha256').update(`${account.uid}:${paths.cluster}`).digest('hex').slice(0, 16);
  for (const parent of new Set([tmpdir(), '/tmp'])) {
    const dir = join(parent, `aaas-${name}`);
    if (!fits(dir) || !(await keepsOthersOut(parent, account))) continue;
    await claimDirectory(dir, account);
    return dir;
  }
  throw new StartupError(
    `The path ${paths.dataDir} is too long for the database's socket and no temporary directory can hold it: choose a shorter DATA_DIR.`,
  );
}

function fits(dir: string): boolean {
  return Buffer.byteLength(socketPath(dir)) <= MAX_SOCKET_PATH;
}

/** Whether nobody but the owner can rename or remove what lies in `parent`, and the database's user may pass. */
async function keepsOthersOut(parent: string, { uid, gid }: ServerAccount): Promise<boolean> {
  const info = await stat(parent).catch(() => null);
  if (!info?.isDirectory()) return false;
  const sticky = (info.mode & 0o1000) !== 0;
  const othersWrite = (info.mode & 0o022) !== 0;
  const trusted = info.uid === 0 || info.uid === process.geteuid?.();
  return trusted && (sticky || !othersWrite) && firstUntraversable(parent, uid, gid) === null;
}

/** Anybody may make a directory of this name before us, and would then hold the door to the database. */
export async function claimDirectory(dir: string, account: ServerAccount): Promise<void> {
  await mkdir(dir, { mode: 0o700 }).catch(ignoreExisting);
  let info = await lstat(dir);
  if (account.stepsDown && info.isDirectory() && info.uid === 0) {
    await chown(dir, account.uid, account.gid); // ours, just made or left by a start that was cut short
    info = await lstat(dir);
  }
  if (!info.isDirectory() || info.uid !== account.uid || (info.mode & 0o077) !== 0) {
    throw new StartupError(
      `${dir} in ${dirname(dir)} should be a private directory for the database's socket, but user id ${info.uid} made it something else: remove it, or choose a shorter DATA_DIR.`,
    );
  }
}
