import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '../../start/startup-error.ts';

/**
 * absent: nothing there. unfinished: an initdb that never came to its end, so there is no data in it.
 * complete: a database, of that major version.
 */
export type ClusterState = { kind: 'absent' } | { kind: 'unfinished' } | { kind: 'complete'; major: number };

// Object ids of template1, template0 and postgres: fixed, and made by initdb in this order.
const INITIAL_DATABASES = ['1', '4', '5'];

export async function clusterState(cluster: string): Promise<ClusterState> {
  if ((await namesIn(cluster)).length === 0) return { kind: 'absent' };

  // The database 'postgres' comes last and is the one we keep our tables in: without it there was never any data.
  const databases = await namesIn(join(cluster, 'base'));
  if (databases.every((name) => INITIAL_DATABASES.includes(name)) && !databases.includes('5')) {
    return { kind: 'unfinished' };
  }
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => null);
  const controlled = await access(join(cluster, 'global/pg_control')).then(
    () => true,
    () => false,
  );
  const major = Number(version);
  if (!controlled || !Number.isInteger(major) || major === 0) {
    // Never heal this by starting afresh: there is data in it.
    throw new StartupError(
      `The database files in ${cluster} are damaged (${controlled ? 'PG_VERSION' : 'global/pg_control'} is missing): restore them from a backup, or move the folder away to start with an empty database.`,
    );
  }
  return { kind: 'complete', major };
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
