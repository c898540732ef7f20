import { mkdir, realpath, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { User } from '../processes/passage.ts';
import { Directory } from './confined/directory.ts';
import { discard } from './confined/discard.ts';
import { openStaging } from './confined/staging.ts';

/** Where a session lives on this node. */
export interface SessionDirectory {
  root: string;
  /** The agent's working directory. */
  work: string;
  home: string;
  /** Claude Code's own configuration and transcripts. */
  config: string;
  tmp: string;
  /** What its sandbox needs and only the server writes: the socket of its gateway, for example. */
  run: string;
}

const PARTS = ['work', 'home', 'config', 'tmp'] as const;

export function sessionDirectory(dataDir: string, sessionId: string): SessionDirectory {
  const root = join(dataDir, 'sessions', sessionId);
  return {
    root,
    work: join(root, 'work'),
    home: join(root, 'home'),
    config: join(root, 'config'),
    tmp: join(root, 'tmp'),
    run: join(root, 'run'),
  };
}

/** Opens the directory that holds those of all sessions, made when it is missing. */
export async function openSessions(dataDir: string): Promise<Directory> {
  const path = join(dataDir, 'sessions');
  // Users of agents pass through it, and cannot see whose else is there.
  await mkdir(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  // It may be a link to storage that nodes share.
  return (await Directory.openTrusted(await realpath(path))) as Directory;
}

/**
 * Makes what is missing of a session's directory, closed to everybody but `user`. Null: the server's own user.
 * The user owns the parts but not what holds them, and can therefore not put something else in their place.
 */
export async function prepareDirectory(dataDir: string, sessionId: string, user: User | null): Promise<void> {
  await using sessions = await openSessions(dataDir);
  await using root = await ensureDirectory(sessions, sessionId);
  if (user) {
    await root.handle.chown(process.getuid?.() ?? 0, user.gid);
    await root.handle.chmod(0o710);
  }
  for (const part of PARTS) {
    await using directory = await ensureDirectory(root, part);
    if (user) await directory.handle.chown(user.uid, user.gid);
    await directory.handle.chmod(0o700);
  }
  await using run = await ensureDirectory(root, 'run');
  if (user) await run.handle.chown(process.getuid?.() ?? 0, user.gid);
  await run.handle.chmod(user ? 0o710 : 0o700);
}

/** A link or a file of that name has been put there to lead us astray: it goes. */
async function ensureDirectory(parent: Directory, name: string): Promise<Directory> {
  const info = await parent.inspect(name);
  if (info && !info.isDirectory()) await unlink(parent.at(name));
  if (!info?.isDirectory()) await mkdir(parent.at(name), { mode: 0o700 }).catch(existing);
  return (await parent.openDirectory(name)) as Directory;
}

function existing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/** Removes everything that a session has on this node. */
export async function removeDirectory(dataDir: string, sessionId: string): Promise<void> {
  await using sessions = await openSessions(dataDir);
  await using staging = await openStaging(sessions);
  await discard(sessions, sessionId, staging);
}
