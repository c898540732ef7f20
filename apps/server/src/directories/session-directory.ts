import { chown, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where a session lives on this node. */
export interface SessionDirectory {
  root: string;
  /** The agent's working directory. */
  work: string;
  home: string;
  /** Claude Code's own configuration and transcripts. */
  config: string;
  tmp: string;
}

export function sessionDirectory(dataDir: string, sessionId: string): SessionDirectory {
  const root = join(dataDir, 'sessions', sessionId);
  return {
    root,
    work: join(root, 'work'),
    home: join(root, 'home'),
    config: join(root, 'config'),
    tmp: join(root, 'tmp'),
  };
}

/** Makes what is missing, closed to everybody but `user`. Null: the server's own user. */
export async function prepareDirectory(
  directory: SessionDirectory,
  user: { uid: number; gid: number } | null,
): Promise<void> {
  // Users of agents pass through it, and cannot see whose else is there.
  await mkdir(dirname(directory.root), { recursive: true, mode: user ? 0o711 : 0o700 });
  for (const path of [directory.root, directory.work, directory.home, directory.config, directory.tmp]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (user) await chown(path, user.uid, user.gid);
  }
}

export async function removeDirectory(directory: SessionDirectory): Promise<void> {
  await rm(directory.root, { recursive: true, force: true, maxRetries: 3 });
}
