import type { Settings } from '@aaas/contract/settings';
import { discardStale } from '../directories/copies/discard-stale.ts';
import { type CopyOptions, directoryPlacer, directoryTaker } from '../directories/copies/place-directory.ts';
import { settleCopy } from '../directories/copies/settle-copy.ts';
import { inTurn } from '../directories/in-turn.ts';
import type { TakingSite } from '../directories/locate-directory.ts';
import { SnapshotKeeper } from '../directories/snapshots/snapshot-keeper.ts';
import type { DirectoryStore } from '../directories/store/directory-store.ts';
import type { openDirectoryStore } from '../directories/store/open-store.ts';
import { removeDoomed } from '../directories/store/remove-archives.ts';
import type { JobKind } from '../jobs/jobs.ts';
import type { PlaceDirectory } from '../sessions/lifecycle/place-directory.ts';
import type { OwnedSession, SessionContext } from '../sessions/session-context.ts';
import type { Closers } from './closers.ts';

const RESTORES_AT_ONCE = 4;
const STALE_LOOK_EVERY_MS = 3_600_000;
const STALE_KEPT_MS = 24 * 3_600_000;

/** What this node keeps of directories beyond its own disk, as DIRECTORY_STORE says. */
export type OpenedStore = Awaited<ReturnType<typeof openDirectoryStore>>;

/** The background job that removes archives which no session needs. */
export function directoryUpkeep(
  { store }: OpenedStore,
  { pool, log }: Pick<SessionContext, 'pool' | 'log'>,
): JobKind[] {
  if (!store) return [];
  return [
    {
      name: 'directories.purge',
      cron: '*/10 * * * *',
      concurrency: 1,
      expiresAfterSeconds: 3_600,
      retries: 3,
      run: async (_data, signal) => {
        const removed = await removeDoomed(pool, store, signal);
        if (removed > 0) log.info({ removed }, 'removed old snapshots of directories');
      },
    },
  ];
}

/** Opens the directories of this node. What lies in them is stored from here on; at the end, what is left. */
export function openDirectories(options: {
  ctx: SessionContext;
  opened: OpenedStore;
  settings: Settings;
  dataDir: string;
  nodeId: string;
  uidBase: number | null;
  mayAct(): boolean;
  closers: Closers;
}): { site: TakingSite; place: PlaceDirectory; settle(owned: OwnedSession): Promise<string> } {
  const { ctx, opened, settings, dataDir, nodeId, uidBase, mayAct, closers } = options;
  const { mode, store } = opened;
  const own = { dataDir, nodeId, uidBase, mode, leaseTtlMs: settings.LEASE_TTL * 1000 };
  const copies: CopyOptions = { ctx, site: own, store, settings, inTurn: inTurn(RESTORES_AT_ONCE) };
  if (mode !== 'shared') keepTidy(ctx, own, mayAct, closers);
  if (store) keepStored({ ctx, site: own, store, settings, mayAct }, closers);
  return {
    site: { ...own, takeOver: directoryTaker(copies) },
    place: directoryPlacer(copies),
    settle: (owned) => settleCopy(ctx.pool, own, owned.sessionId, owned),
  };
}

function keepStored(
  options: ConstructorParameters<typeof SnapshotKeeper>[0] & { store: DirectoryStore },
  closers: Closers,
): void {
  closers.add('store of directories', async () => options.store.close());
  const keeper = new SnapshotKeeper(options);
  closers.add('snapshots of directories', () => keeper.close());
}

/** Copies that do not count any more take up space, and no more. */
function keepTidy(
  { pool, log }: SessionContext,
  site: { dataDir: string; nodeId: string },
  mayAct: () => boolean,
  closers: Closers,
): void {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    if (!mayAct()) return;
    running = discardStale(pool, site, STALE_KEPT_MS).then(
      (discarded) => {
        if (discarded > 0) log.info({ discarded }, 'removed copies of directories that do not count any more');
      },
      (error) => log.error({ err: error }, 'failed to remove old copies of directories'),
    );
  }, STALE_LOOK_EVERY_MS);
  closers.add('old copies of directories', async () => {
    clearInterval(timer);
    await running;
  });
}
