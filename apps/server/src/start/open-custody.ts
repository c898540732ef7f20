import { discardCells } from '../directories/cell-directory.ts';
import { clearStaging } from '../directories/confined/staging.ts';
import { type OpenedStore, openDirectoryStore } from '../directories/store/open-store.ts';
import { releaseSessionsOf } from '../fleet/claims/release-lost.ts';
import { chooseIsolation, type Isolation } from '../sandboxes/isolation/choose-isolation.ts';
import { openLimits, type SandboxLimits } from '../sandboxes/limits/open-limits.ts';
import { agentUids } from '../sandboxes/reaper/agent-uids.ts';
import type { UidRange } from '../sandboxes/reaper/find-processes.ts';
import { grownRange } from '../sandboxes/reaper/owned-sandboxes.ts';
import { Reaper } from '../sandboxes/reaper/reaper.ts';
import { lifeMarker } from '../sandboxes/reaper/sandbox-marker.ts';
import { type Lifeline, startLifeline } from '../sandboxes/reaper/start-lifeline.ts';
import type { Node } from './open-node.ts';

/** What a node must have in its hands before it may run agents. */
export interface Custody {
  isolation: Isolation;
  lifeline: Lifeline;
  limits: SandboxLimits;
  reaper: Reaper;
  /** The users of its agents by now. */
  uids(): UidRange | null;
  /** Where the directories of its sessions outlive it. */
  directories: OpenedStore;
}

/** Ends whatever an earlier life of this node has left behind, and gives up its sessions. */
export async function openCustody(node: Node): Promise<Custody> {
  const { settings, dataDir, database, registered, metrics, log, closers } = node;
  const { pool } = database;
  const isolation = chooseIsolation(settings, registered.id, dataDir);
  const knownUids = await agentUids(pool, isolation.uidBase);
  const uids = () => grownRange(knownUids);
  const lifeline = await startLifeline({
    marker: lifeMarker(registered),
    uids,
    postgresPid: database.embeddedPid,
    log,
    onFrozen: metrics.nodeFrozen,
  });
  closers.add('lifeline', () => lifeline.close());
  const limits = await openLimits({
    settings,
    nodeId: registered.id,
    dataDir,
    ownUsers: isolation.uidBase !== null,
    log,
    count: ({ resource, outcome }) => metrics.sandboxLimited(resource, outcome),
  });
  closers.add('sandbox limits', () => limits.close());
  // Whatever an earlier life of this node has left behind must be gone before its sessions go on.
  const everyMs = () => settings.REAPER_INTERVAL * 1000;
  const reaper = new Reaper({ nodeId: registered.id, uids, everyMs, onReaped: metrics.processesReaped, log });
  const left = await reaper.reap();
  const released = await releaseSessionsOf(pool, [registered.id]);
  const sessions = released.open.length + released.asleep.length;
  if (left + sessions > 0) log.warn({ processes: left, sessions }, 'took over from an earlier life of this node');
  const directories = await openDirectoryStore(settings);
  const shared = directories.mode === 'shared';
  await clearStaging(dataDir, shared);
  await discardCells(dataDir, shared ? registered.id : null);
  reaper.start();
  closers.add('reaper', () => reaper.close());
  return { isolation, lifeline, limits, reaper, uids, directories };
}
