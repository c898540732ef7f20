import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { StartupError } from '../../start/startup-error.ts';
import { awaitReady } from './await-ready.ts';
import type { EmbeddedSite } from './embedded-site.ts';
import { isPostmaster } from './is-postmaster.ts';
import { readPostmasterFile } from './postmaster-file.ts';
import { quitLeftoverBackends } from './quit-leftover-backends.ts';
import { removeStaleLockFiles } from './remove-stale-lock-files.ts';
import { serverArguments } from './server-arguments.ts';
import { boundServerLog, serverLogSize, serverLogTail } from './server-log.ts';
import { spawnServerProgram } from './spawn-server-program.ts';
import { stopPostmaster } from './stop-postmaster.ts';

const LEFTOVERS_WITHIN_MS = 15_000;
const LEFTOVERS_EVERY_MS = 100;

/** Starts the server, of which none may run, and waits until it takes connections. Null when another process started one meanwhile. */
export async function launchPostmaster(site: EmbeddedSite, signal?: AbortSignal): Promise<number | null> {
  const { cluster, log } = site.paths;
  await removeStaleLockFiles(site);
  await boundServerLog(log);
  const deadline = performance.now() + LEFTOVERS_WITHIN_MS;
  for (;;) {
    const logged = await serverLogSize(log);
    const pid = await spawnPostmaster(site);
    try {
      const ready = await awaitReady(pid, cluster, signal);
      if (ready === 'ready') return pid;
      if (ready === 'late') throw new StartupError(`The embedded database does not become ready; see ${log}.`);
    } catch (error) {
      await stopPostmaster(pid, cluster);
      throw error;
    }
    const other = await readPostmasterFile(cluster);
    if (other !== null && other.pid !== pid && (await isPostmaster(other.pid, cluster))) return null;

    const reason = await serverLogTail(log, logged);
    const heldByLeftovers = reason.includes('pre-existing shared memory block');
    if (!heldByLeftovers || performance.now() > deadline) {
      throw new StartupError(`The embedded database did not start: ${lastFailure(reason)} (see ${log}).`, {
        cause: new Error(reason),
      });
    }
    await quitLeftoverBackends(cluster);
    await delay(LEFTOVERS_EVERY_MS, undefined, { signal });
  }
}

async function spawnPostmaster({ paths, account, binaries, socketDir }: EmbeddedSite): Promise<number> {
  // A file and not a pipe: the server has to outlive us, and to be able to say why it could not start.
  const log = await open(paths.log, 'a', 0o600);
  try {
    const args = serverArguments(paths.cluster, socketDir);
    const child = await spawnServerProgram(binaries.postgres, args, account, log.fd, [
      paths.home,
      binaries.packageDir,
      socketDir,
    ]);
    child.unref();
    return child.pid;
  } finally {
    await log.close();
  }
}

function lastFailure(log: string): string {
  const line = log.split('\n').findLast((entry) => /(FATAL|PANIC):|error while/.test(entry));
  return line?.replace(/^.*?(FATAL|PANIC): +/, '') ?? 'it gave no reason';
}
