import { rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type pg from 'pg';
import { StartupError } from '../../start/startup-error.ts';
import { claimServer } from './claim-server.ts';
import { clusterState } from './cluster-state.ts';
import { DATABASE, DATABASE_USER } from './connection-target.ts';
import type { EmbeddedSite } from './embedded-site.ts';
import { initialiseCluster } from './initialise-cluster.ts';
import { launchPostmaster } from './launch-postmaster.ts';
import { keepOwnerLock } from './owner-lock.ts';
import { prepareSite } from './prepare-site.ts';
import { watchServerLog } from './server-log.ts';
import { stopPostmaster } from './stop-postmaster.ts';
import { inUse, takeOverRunning } from './take-over-running.ts';

const MAX_ATTEMPTS = 3;

export interface EmbeddedPostgres {
  readonly connection: { readonly host: string; readonly user: string; readonly database: string };
  readonly pid: number;
  readonly how: 'initialised' | 'started' | 'replaced';
  readonly majorVersion: number;
  /** Resolves when the database server is gone. */
  stop(): Promise<void>;
}

/**
 * The embedded database of a data directory, running and ours: made when there is none; one that a server left
 * running when it died is stopped first. It outlives this process unless `stop` is called. Throws StartupError.
 */
export async function startEmbeddedPostgres({
  dataDir,
  signal,
}: {
  dataDir: string;
  signal?: AbortSignal | undefined;
}): Promise<EmbeddedPostgres> {
  signal?.throwIfAborted();
  try {
    return await start(dataDir, signal);
  } catch (cause) {
    if (cause instanceof StartupError || signal?.aborted) throw cause;
    throw new StartupError(
      `The embedded database in ${dataDir} cannot be started (${(cause as Error).message}): mend that, or set DATABASE_URL to a PostgreSQL server of your own.`,
      { cause },
    );
  }
}

async function start(dataDir: string, signal: AbortSignal | undefined): Promise<EmbeddedPostgres> {
  const site = await prepareSite(dataDir);
  let how: EmbeddedPostgres['how'] = 'started';
  // A second round only when another process starts the same database at the same time.
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const running = await takeOverRunning(site, signal);
    if (running === 'stopped') how = 'replaced';
    if ((await clusterState(site.paths.cluster)).kind !== 'complete') {
      await initialiseCluster(site, signal);
      how = 'initialised';
    }
    const pid = await launchPostmaster(site, signal);
    if (pid === null) continue;
    const claim = await claimServer(site.socketDir, site.paths.cluster);
    if (claim.kind === 'owned') return embedded(site, pid, claim.client, how);
    if (claim.kind === 'taken') throw inUse(site, claim.by); // and theirs to stop
    await stopPostmaster(pid, site.paths.cluster);
    const cause = claim.kind === 'unusable' ? claim.cause : undefined;
    throw new StartupError(`The embedded database started but does not answer; see ${site.paths.log}.`, { cause });
  }
  throw new StartupError(`Several servers start the database in ${site.paths.dataDir} at once: start only one.`);
}

function embedded(site: EmbeddedSite, pid: number, client: pg.Client, how: EmbeddedPostgres['how']): EmbeddedPostgres {
  const { paths, socketDir, binaries } = site;
  const lock = keepOwnerLock(client, socketDir, paths.cluster);
  const endLogWatch = watchServerLog(paths.log);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    endLogWatch();
    if (lock.lost) return lock.close();
    lock.release();
    await stopPostmaster(pid, paths.cluster);
    await lock.close();
    if (dirname(socketDir) !== paths.home) await rmdir(socketDir).catch(() => {});
  };
  return {
    connection: { host: socketDir, user: DATABASE_USER, database: DATABASE },
    pid,
    how,
    majorVersion: binaries.major,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}
