import { join } from 'node:path';
import { StartupError } from '../../start/startup-error.ts';
import { clusterState } from './cluster-state.ts';
import type { EmbeddedSite } from './embedded-site.ts';
import { firstUntraversable } from './first-untraversable.ts';
import { type Binaries, locateBinaries } from './locate-binaries.ts';
import { givePrivateDirectory, openHomeTo, prepareDataDir, prepareHome } from './prepare-directories.ts';
import { repairLibraryLinks } from './repair-library-links.ts';
import { type ServerAccount, serverAccount } from './server-account.ts';
import { prepareSocketDir } from './socket-directory.ts';
import { UnreachableBinariesError, UnreachableDataDirError } from './unreachable-error.ts';

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
  const blockedBy = await firstUntraversable(paths.dataDir, account.uid, account.gid);
  if (blockedBy !== null) throw new UnreachableDataDirError({ path: paths.dataDir, blockedBy, uid: account.uid });
  await assertReachable(binaries, account);
  await repairLibraryLinks(binaries);
  await openHomeTo(account, paths);
  // PostgreSQL refuses a directory that others may read, as a restored one often is.
  if (state.kind === 'complete') await givePrivateDirectory(paths.cluster, account);
  return { paths, account, binaries, socketDir: await prepareSocketDir(paths, account) };
}

/** npm put the programs where the server could read them; the database's user may not. */
export async function assertReachable(
  { packageDir }: Pick<Binaries, 'packageDir'>,
  { uid, gid }: Pick<ServerAccount, 'uid' | 'gid'>,
): Promise<void> {
  for (const folder of ['native/bin', 'native/lib', 'native/share/postgresql']) {
    const blockedBy = await firstUntraversable(join(packageDir, folder), uid, gid);
    if (blockedBy !== null) throw new UnreachableBinariesError({ path: packageDir, blockedBy, uid });
  }
}
