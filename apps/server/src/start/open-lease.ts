import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { releaseSessionsOf } from '../fleet/claims/release-lost.ts';
import { NodeLease } from '../fleet/nodes/node-lease.ts';
import type { RegisteredNode } from '../fleet/nodes/register-node.ts';
import type { UidRange } from '../sandboxes/reaper/find-processes.ts';
import { signalHold } from '../sandboxes/reaper/life-hold.ts';
import { lifeMarker } from '../sandboxes/reaper/sandbox-marker.ts';
import type { Lifeline } from '../sandboxes/reaper/start-lifeline.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** The lease of this node, and what follows when it is held, ends or is lost. Resolves when it is held. */
export async function openLease(options: {
  settings: Settings;
  node: RegisteredNode;
  pool: Pool;
  lifeline: Lifeline;
  uids(): UidRange | null;
  /** Lets go of every session that is run here. */
  forsake(): Promise<void>;
  cutConnections(): void;
  onReplaced(): void;
  metrics: Metrics;
  log: Logger;
}): Promise<NodeLease> {
  const { settings, node, pool, lifeline } = options;
  const lease = new NodeLease({
    node,
    ttlMs: settings.LEASE_TTL * 1000,
    marginMs: settings.LEASE_MARGIN * 1000,
    capacity: () => settings.MAX_AGENTS,
    onHeld: (term) => lifeline.allow(term),
    onLost: async () => {
      options.metrics.leaseLost();
      // First the processes: that others may act already is why the life is over.
      await signalHold({ marker: lifeMarker(node), uids: options.uids() }).end();
      await options.forsake();
    },
    onNextLife: async () => {
      await releaseSessionsOf(pool, [node.id]);
      lifeline.follow(lifeMarker(node));
    },
    onReplaced: options.onReplaced,
    onConnectionsStale: options.cutConnections,
    log: options.log,
  });
  await lease.begun;
  return lease;
}
