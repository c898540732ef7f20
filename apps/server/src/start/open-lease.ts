import { releaseSessionsOf } from '../fleet/claims/release-lost.ts';
import { NodeLease } from '../fleet/nodes/node-lease.ts';
import { signalHold } from '../sandboxes/reaper/life-hold.ts';
import { lifeMarker } from '../sandboxes/reaper/sandbox-marker.ts';
import type { Custody } from './open-custody.ts';
import type { Node } from './open-node.ts';

/** The lease of this node, and what follows when it is held, ends or is lost. Resolves when it is held. */
export async function openLease(
  node: Node,
  options: {
    /** Null: this node runs no agents. */
    custody: Custody | null;
    /** Lets go of every session that is run here. */
    forsake(): Promise<void>;
    onReplaced(): void;
  },
): Promise<NodeLease> {
  const { settings, registered, beats, database, metrics, log, closers } = node;
  const { custody } = options;
  // What an earlier life with the role of a worker owned: while this one beats, no other node takes it.
  if (!custody) await releaseSessionsOf(database.pool, [registered.id]);
  const lease = new NodeLease({
    node: registered,
    beats,
    ttlMs: settings.LEASE_TTL * 1000,
    marginMs: settings.LEASE_MARGIN * 1000,
    capacity: () => (custody ? settings.MAX_AGENTS : 0),
    onHeld: (term) => custody?.lifeline.allow(term),
    onLost: async () => {
      metrics.leaseLost();
      // First the processes: that others may act already is why the life is over.
      if (custody) await signalHold({ marker: lifeMarker(registered), uids: custody.uids() }).end();
      await options.forsake();
    },
    onNextLife: async () => {
      await releaseSessionsOf(database.pool, [registered.id]);
      custody?.lifeline.follow(lifeMarker(registered));
    },
    onReplaced: options.onReplaced,
    onConnectionsStale: database.cutConnections,
    log,
  });
  closers.add('lease', () => lease.close());
  await lease.begun;
  return lease;
}
