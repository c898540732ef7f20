import { setTimeout as sleep } from 'node:timers/promises';
import type { PlaceDirectory } from '../../sessions/lifecycle/place-directory.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../../sessions/session-context.ts';
import { lockDirectory } from '../directory-lock.ts';
import { type DirectorySite, ownerOf } from '../directory-site.ts';
import type { DirectoryStore } from '../store/directory-store.ts';
import type { RestoreDecision } from './decide-restore.ts';
import { type DirectoryFacts, findFacts } from './facts.ts';
import { giveDirectory } from './give-directory.ts';
import { decideFor, findLocalCopy } from './local-copy.ts';
import { recordMove } from './record-move.ts';
import { stageCopy } from './stage-copy.ts';

export interface CopyOptions {
  ctx: SessionContext;
  site: DirectorySite & { goneAfterMs: number };
  store: DirectoryStore | null;
  settings: { MAX_ARCHIVE_ENTRIES: number };
  /** Runs so many restores at once. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

// A node that lives stores what is left within seconds, unless the store is away.
const HOLDER_STORES_WITHIN_MS = 20_000;
const LOOK_MS = 250;

/** Sees to it that the directory of a session that this node is to start is here, and is the one that counts. */
export function directoryPlacer(options: CopyOptions): PlaceDirectory {
  const { ctx, site } = options;
  return async (session, generation, { signal, onBegin }) => {
    const { id, directoryNode, directoryCopy } = session;
    const local = await findLocalCopy(site.dataDir, id);
    if (directoryCopy === null && directoryNode === null && !local.present) return;
    const owned = { sessionId: id, generation };
    if (directoryCopy === null || local.copy !== directoryCopy) {
      onBegin();
      const deadline = performance.now() + HOLDER_STORES_WITHIN_MS;
      while (!(await takeStep(options, owned, deadline, signal))) {
        await sleep(LOOK_MS, undefined, { signal });
      }
      const now = await findFacts(ctx.pool, id, site.goneAfterMs);
      if (!now) throw new Fenced(owned);
      Object.assign(session, { directoryNode: now.node, directoryCopy: now.copy, directoryNotes: now.notes });
    }
    const owner = ownerOf(site, session.number);
    // On storage that nodes share, another one may have given the files to a user of its own.
    if (owner && site.mode === 'shared') await giveDirectory(site.dataDir, id, owner);
  };
}

/** Makes the directory of a session that nobody owns this node's. @returns false when the facts are no longer so */
export function directoryTaker(options: CopyOptions): (facts: DirectoryFacts) => Promise<boolean> {
  return (facts) =>
    lockDirectory(facts.sessionId, async () => {
      const local = await findLocalCopy(options.site.dataDir, facts.sessionId);
      const decision = decideFor(options.site, facts, local);
      return (await moveHere(options, facts, decision, null, AbortSignal.timeout(120_000))) !== null;
    });
}

/** @returns true when the directory is here, or will be made; false: to be tried again. */
async function takeStep(
  options: CopyOptions,
  owned: OwnedSession,
  deadline: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { ctx, site } = options;
  return await lockDirectory(owned.sessionId, async () => {
    const facts = await findFacts(ctx.pool, owned.sessionId, site.goneAfterMs);
    if (!facts) throw new Fenced(owned);
    const local = await findLocalCopy(site.dataDir, owned.sessionId);
    const decision = decideFor(site, facts, local);
    const isNew = decision.do === 'fresh' && facts.node === null && !local.present;
    if (decision.do === 'use' || isNew) return true;
    if (decision.do === 'wait') {
      if (performance.now() < deadline) return false;
      const why = facts.snapshot?.unstorable ?? 'it has not stored the last changes';
      throw new Error(`its directory lies on the node ${facts.node}, which runs: ${why}`);
    }
    return await moveHere(options, facts, decision, owned, signal);
  });
}

async function moveHere(
  options: CopyOptions,
  facts: DirectoryFacts,
  decision: RestoreDecision,
  owned: OwnedSession | null,
  signal: AbortSignal,
): Promise<boolean> {
  const { ctx, site, store, inTurn } = options;
  const { sessionId } = facts;
  if (decision.do === 'refuse') {
    throw new Error('its directory is not there: is the storage that the nodes share mounted at DATA_DIR/sessions?');
  }
  if (decision.do === 'use' || decision.do === 'wait') return false;
  const archive = (decision.do === 'restore' ? facts.snapshot?.archive : null) ?? null;
  const began = performance.now();
  const outcome = decision.do === 'restore' ? 'restored' : decision.do === 'lose' ? 'lost' : null;
  try {
    return await inTurn(async () => {
      signal.throwIfAborted();
      await using staged = await stageCopy({
        ...{ dataDir: site.dataDir, nodeId: site.nodeId, sessionId, archive, store, signal },
        owner: ownerOf(site, facts.number),
        maxEntries: options.settings.MAX_ARCHIVE_ENTRIES,
      });
      signal.throwIfAborted();
      const { digest, complete } = staged.listing;
      const snapshot = archive && {
        ...{ id: archive.snapshot_id, taken_at: archive.taken_at, files: archive.files, bytes: archive.bytes },
        ...{ complete, digest, seq: archive.seq, archive: { ...archive, digest } },
      };
      const told = decision.do === 'fresh' ? null : { lost: decision.do === 'lose' || decision.lost };
      const move = { node: site.nodeId, copy: staged.copy, snapshot, told };
      if (!(await recordMove(ctx, facts, move, owned))) return false;
      await staged.putInPlace();
      const seconds = (performance.now() - began) / 1000;
      if (outcome) ctx.metrics.directoryRestored(outcome, seconds, archive?.archive_bytes ?? 0);
      ctx.log.info(
        { session_id: sessionId, from_node: facts.node, snapshot: archive?.snapshot_id ?? null, ...told },
        'the directory of a session was placed on this node',
      );
      return true;
    });
  } catch (error) {
    if (error instanceof Fenced || signal.aborted) throw error;
    ctx.metrics.directoryRestored('failed', (performance.now() - began) / 1000, 0);
    ctx.log.warn({ err: error, session_id: sessionId }, 'failed to place the directory of a session');
    throw error;
  }
}
