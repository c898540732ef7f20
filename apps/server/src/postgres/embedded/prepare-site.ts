import { firstUntraversable } from '../../processes/first-untraversable.ts';
import { canMakePassage } from '../../processes/passage.ts';
import { StartupError } from '../../start/startup-error.ts';
import { clusterState } from './cluster-state.ts';
import type { EmbeddedSite } from './embedded-site.ts';
import { locateBinaries } from './locate-binaries.ts';
import { givePrivateDirectory, openHomeTo, prepareDataDir, prepareHome } from './prepare-directories.ts';
import { repairLibraryLinks } from './repair-library-links.ts';
import { type ServerAccount, serverAccount } from './server-account.ts';
import { prepareSocketDir } from './socket-directory.ts';

/** Directories, user and programs, checked before anything runs. Throws StartupError. */
export async function prepareSite(dataDir: string): Promise<EmbeddedSite> {
  const binaries = locateBinaries();
  const paths = await prepareDataDir(dataDir);
  await prepareHome(paths);
  const state = await clusterState(paths.cluster);
  if (state.kind === 'complete' && state.major !== binaries.major) {
    throw new StartupError(
      `The database in ${paths.cluster} was made by PostgreSQL ${state.major}, but this release brings ${binaries.major}: dump it with the release that made it and load the dump into a new DATA_DIR, or go back to that release.`,
    );
  }
  const account = await serverAccount(paths, state);
  requireWay([paths.dataDir, binaries.packageDir], account);
  await repairLibraryLinks(binaries);
  await openHomeTo(account, paths);
  // PostgreSQL refuses a directory that others may read, as a restored one often is.
  if (state.kind === 'complete') await givePrivateDirectory(paths.cluster, account);
  return { paths, account, binaries, socketDir: await prepareSocketDir(paths, account) };
}

/** npm put the programs where the server could read them; the database's user may not. */
export /** The database's user must come to these, if need be through a passage that only root can make. */
function requireWay(paths: string[], { uid, gid }: ServerAccount): void {
  for (const path of paths) {
    const closed = firstUntraversable(path, uid, gid);
    if (closed === null || canMakePassage()) continue;
    throw new StartupError(
      `The database runs as user id ${uid}, which may not enter ${closed} on the way to ${path}: choose a place outside of it, or run 'chmod o+x ${closed}'.`,
    );
  }
}
