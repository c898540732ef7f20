import { access } from 'node:fs/promises';
import { StartupError } from '../../start/startup-error.ts';
import { awaitReady } from './await-ready.ts';
import { type Claim, claimServer } from './claim-server.ts';
import { socketPath } from './connection-target.ts';
import type { EmbeddedSite } from './embedded-site.ts';
import { isPostmaster } from './is-postmaster.ts';
import { readPostmasterFile } from './postmaster-file.ts';
import { stopPostmaster } from './stop-postmaster.ts';
import { until } from './until.ts';

// The system closes the connections of a killed owner at once, but its backend needs a moment to see it.
const OWNER_GRACE_MS = 2_000;
const SETTLE_WITHIN_MS = 10_000;
// An orphan that is no use needs no long patience: what it committed is safe.
const ORPHAN_PATIENCE = { fastMs: 10_000, immediateMs: 8_000 };

/** `stopped`: there was one, and it is gone. */
export type TakenOver = 'stopped' | 'none';

/**
 * Stops what a server that died left running: another release may have started it, with other settings.
 * Throws when the database belongs to a server that is alive.
 */
export async function takeOverRunning(site: EmbeddedSite, signal?: AbortSignal): Promise<TakenOver> {
  const { cluster } = site.paths;
  const file = await readPostmasterFile(cluster);
  if (file === null || !(await isPostmaster(file.pid, cluster))) {
    await refuseUnseenServer(site);
    return 'none';
  }
  const { pid } = file;
  const ready = await awaitReady(pid, cluster, signal);
  if (ready === 'gone') return 'none';
  if (ready === 'ready') {
    // Its own word for the socket: TMPDIR may have been another one then.
    const claim = await claimSettled(file.socketDir || site.socketDir, cluster, signal);
    if (claim.kind === 'taken') throw inUse(site, claim.by);
    if (claim.kind === 'owned') await claim.client.end();
  }
  await stopPostmaster(pid, cluster, ORPHAN_PATIENCE);
  return 'stopped';
}

async function claimSettled(socketDir: string, cluster: string, signal?: AbortSignal): Promise<Claim> {
  let claim: Claim = { kind: 'none' };
  const started = performance.now();
  await until(
    async () => {
      claim = await claimServer(socketDir, cluster);
      const grace = claim.kind === 'taken' ? OWNER_GRACE_MS : claim.kind === 'busy' ? SETTLE_WITHIN_MS : 0;
      return performance.now() - started >= grace;
    },
    { withinMs: SETTLE_WITHIN_MS, everyMs: 20, signal },
  );
  return claim;
}

/** A server that answers but is no process we can see lives in another container on the same volume. */
async function refuseUnseenServer(site: EmbeddedSite): Promise<void> {
  const listening = await access(socketPath(site.socketDir)).then(
    () => true,
    () => false,
  );
  if (!listening) return;
  const claim = await claimServer(site.socketDir, site.paths.cluster);
  if (claim.kind === 'none') return;
  if (claim.kind === 'owned') await claim.client.end();
  throw inUse(site, claim.kind === 'taken' ? claim.by : 'a PostgreSQL process outside of this container');
}

export function inUse({ paths }: EmbeddedSite, by: string): StartupError {
  return new StartupError(
    `The database in ${paths.dataDir} is in use by ${by}: stop that server, or give this one a DATA_DIR of its own.`,
  );
}
