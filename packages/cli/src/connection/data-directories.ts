import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GlobalOptions } from '../global-options.ts';

/** A server says there where it listens. */
export interface Announcement {
  directory: string;
  url: string;
  pid: number;
}

const OWN_REPOSITORY_DATA = fileURLToPath(new URL('../../../../data', import.meta.url));

/** Where a platform may have its data: what was asked for, else the usual places. */
export function dataDirectories({ dataDir }: GlobalOptions): string[] {
  const given = dataDir ?? (process.env.DATA_DIR || undefined);
  const directories = given === undefined ? ['data', OWN_REPOSITORY_DATA] : [given];
  return [...new Set(directories.map((directory) => resolve(directory)))];
}

/** The server that has announced itself in one of the directories; it may have died since. */
export function findAnnouncement(directories: string[]): Announcement | null {
  for (const directory of directories) {
    try {
      const { url, pid } = JSON.parse(readFileSync(join(directory, 'server.json'), 'utf8'));
      if (typeof url === 'string' && typeof pid === 'number') return { directory, url, pid };
    } catch {
      // None there, or not readable for us: the next place.
    }
  }
  return null;
}

/** The key that the server of one of the directories made for its operator. */
export function readAdminKey(directories: string[]): string | null {
  for (const directory of directories) {
    try {
      return readFileSync(join(directory, 'admin.key'), 'utf8').trim();
    } catch {
      // None there, or not for our eyes: the next place.
    }
  }
  return null;
}
