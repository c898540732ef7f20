import { type NodeLabels, parseLabels } from '@aaas/contract/placement';
import type { Settings } from '@aaas/contract/settings';
import { FleetWatch } from '../fleet/placement/fleet-watch.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import type { Node } from './open-node.ts';

/** What a node says of itself when it registers. */
export function standingOf(settings: Settings): {
  region: string | null;
  labels: NodeLabels;
  keepsDirectories: boolean;
} {
  return {
    region: settings.REGION ?? null,
    labels: parseLabels(settings.NODE_LABELS),
    // On the embedded database there is nobody else who could have them.
    keepsDirectories: settings.DATABASE_URL !== undefined && settings.DIRECTORY_STORE === undefined,
  };
}

/** How this node looks at the others, with the settings as they are at the moment of asking. */
export function openPlacement({ settings, registered, beats }: Node, ctx: SessionContext): FleetWatch {
  const bounds = {
    get strategy() {
      return settings.PLACEMENT_STRATEGY;
    },
    get graceMs() {
      return settings.PLACEMENT_GRACE_SECONDS * 1000;
    },
    get failoverMs() {
      return settings.REGION_FAILOVER_SECONDS * 1000;
    },
  };
  const { labels } = standingOf(settings);
  return new FleetWatch({
    ...{ ctx, nodeId: registered.id, labels, bounds },
    get goneAfterMs() {
      return beats.goneAfterMs;
    },
  });
}
