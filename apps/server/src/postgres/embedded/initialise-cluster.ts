import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { clusterState } from './cluster-state.ts';
import type { EmbeddedPaths } from './embedded-paths.ts';
import type { EmbeddedSite } from './embedded-site.ts';
import { givePrivateDirectory } from './prepare-directories.ts';
import { isAlive } from './process-alive.ts';
import { runInitdb } from './run-initdb.ts';
import { assertNamed } from './server-account.ts';

/**
 * Makes a new database beside its place and moves it there when it is whole, so that whatever interrupts this leaves
 * nothing that looks like a database. When another process is faster, its database stays.
 */
export async function initialiseCluster(site: EmbeddedSite, signal?: AbortSignal): Promise<void> {
  const { paths, account, binaries } = site;
  assertNamed(account);
  await removeLeftovers(paths);
  const staging = `${stagingPrefix(paths)}${process.pid}`;
  try {
    await givePrivateDirectory(staging, account);
    await runInitdb(binaries, staging, account, signal);
    if ((await clusterState(paths.cluster)).kind === 'unfinished') await removeTree(paths.cluster);
    await rename(staging, paths.cluster);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  } finally {
    await removeTree(staging);
  }
  // initdb has written its files through to the disk; their new name has to follow.
  const home = await open(paths.home);
  await home.sync().finally(() => home.close());
}

function stagingPrefix({ cluster }: EmbeddedPaths): string {
  return `${cluster}.init-`;
}

/** What initialisations left behind that were killed. In a container the next process may have the same id. */
async function removeLeftovers(paths: EmbeddedPaths): Promise<void> {
  const prefix = basename(stagingPrefix(paths));
  for (const name of await readdir(paths.home)) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length));
    if (pid === process.pid || !isAlive(pid)) await removeTree(join(paths.home, name));
  }
}

/** With retries: the initdb of a killed server may still be writing there. */
function removeTree(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
