import { discardStale } from '../directories/copies/discard-stale.ts';
import { type CopyOptions, directoryPlacer, directoryTaker } from '../directories/copies/place-directory.ts';
import { requireCopy, settleCopy } from '../directories/copies/settle-copy.ts';
import { inTurn } from '../directories/in-turn.ts';
import type { TakingSite } from '../directories/locate-directory.ts';
import { SnapshotKeeper } from '../directories/snapshots/snapshot-keeper.ts';
import type { OpenedStore } from '../directories/store/open-store.ts';
import { removeDoomed } from '../directories/store/remove-archives.ts';
import type { PlaceDirectory } from '../sessions/lifecycle/place-directory.ts';
import type { OwnedSession, SessionContext } from '../sessions/session-context.ts';
import type { Node } from './open-node.ts';

const RESTORES_AT_ONCE = 4;
const TIDY_EVERY_MS = 600_000;
const STALE_KEPT_MS = 24 * 3_600_000;

/** What a node does about the directories of its sessions. */
export interface Directories {
  site: TakingSite;
  place: PlaceDirectory;
  /** @throws Fenced when the generation has ended */
  settle(owned: OwnedSession, copy: string | null): Promise<void>;
}

/** Opens the directories of this node. What lies in them is stored from here on; at the end, what is left. */
export function openDirectories(
  {
    settings,
    dataDir,
    registered,
    beats,
    closers,
  }: Pick<Node, 'settings' | 'dataDir' | 'registered' | 'beats' | 'closers'>,
  parts: { ctx: SessionContext; opened: OpenedStore; isolation: { uidBase: number | null }; mayAct(): boolean },
): Directories {
  const { ctx, opened, mayAct } = parts;
  const { mode, store } = opened;
  const site = {
    ...{ dataDir, nodeId: registered.id, uidBase: parts.isolation.uidBase, mode },
    get goneAfterMs() {
      return beats.goneAfterMs;
    },
  };
  const copies: CopyOptions = { ctx, site, store, settings, inTurn: inTurn(RESTORES_AT_ONCE) };
  if (store) {
    closers.add('store of directories', async () => store.close());
    const keeper = new SnapshotKeeper({ ctx, site, store, settings, mayAct });
    closers.add('snapshots of directories', () => keeper.close());
  }
  const tidying = keepTidy(ctx, mayAct, async (signal) => {
    const copiesGone = mode === 'shared' ? 0 : await discardStale(ctx.pool, site, STALE_KEPT_MS);
    const archivesGone = store ? await removeDoomed(ctx.pool, store, signal) : 0;
    return copiesGone + archivesGone;
  });
  closers.add('upkeep of directories', tidying.close);
  return {
    // Not a copy: its figures are of the moment of asking.
    site: Object.assign(site, { takeOver: directoryTaker(copies) }),
    place: directoryPlacer(copies),
    settle: async (owned, copy) => {
      if (copy === null) await settleCopy(ctx.pool, site, owned.sessionId, owned);
      else await requireCopy(site, owned.sessionId, copy);
    },
  };
}

/** What does not count any more takes up space, and no more: whenever there is time. */
function keepTidy(
  { log }: SessionContext,
  mayAct: () => boolean,
  tidy: (signal: AbortSignal) => Promise<number>,
): { close(): Promise<void> } {
  const closing = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    if (!mayAct()) return;
    running = tidy(closing.signal).then(
      (removed) => {
        if (removed > 0) log.info({ removed }, 'removed directories and snapshots that do not count any more');
      },
      (error) => log.error({ err: error }, 'failed to remove directories or snapshots that do not count any more'),
    );
  }, TIDY_EVERY_MS);
  return {
    close: async () => {
      closing.abort();
      clearInterval(timer);
      await running;
    },
  };
}
