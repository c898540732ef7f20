import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { IsolationLevel } from '@aaas/contract/isolation';
import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import { resolveForAgent } from '../egress/network-access.ts';
import type { Front } from '../gateway/front.ts';
import type { HarnessNode } from '../harness/claude-agent-sdk/claude-harness.ts';
import type { Isolation } from '../sandboxes/isolation/choose-isolation.ts';
import { confine } from '../sandboxes/isolation/confinement.ts';
import { requireSoleWorkspace } from '../sandboxes/isolation/sole-workspace.ts';
import { StartRefused } from '../sandboxes/start-refused.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What the isolation of this node means for the processes that are started on it. */
export function openIsolation(options: {
  isolation: Isolation;
  settings: Settings;
  dataDir: string;
  pool: Pool;
  front: Pick<Front, 'openDoor'>;
  metrics: Metrics;
}): Pick<HarnessNode, 'admit' | 'confine'> {
  const { isolation, settings, dataDir, pool, front, metrics } = options;
  const { level, bubblewrap } = isolation;
  return {
    admit: async ({ definition, workspaceId }) => {
      requireNetworkLimit(definition, level);
      if (level === 'process') await requireSoleWorkspace(pool, dataDir, workspaceId);
    },
    confine: async ({ definition, ...tenant }) => {
      if (!bubblewrap) return null;
      const allow = definition.network?.allow ?? null;
      const resolve = (target: { host: string; port: number }) =>
        resolveForAgent(target, allow, settings, metrics.agentConnected);
      return confine({ ...tenant, bubblewrap, dataDir, openDoor: front.openDoor, resolve });
    },
  };
}

/** A limit that is silently not kept is worse than an agent that does not start. */
function requireNetworkLimit({ network }: AgentDefinition, level: IsolationLevel): void {
  if (!network || level === 'sandbox' || network.allow.includes('*')) return;
  throw new StartRefused(
    `network.allow cannot be enforced on this node: its isolation is ${level}, and only sandbox can. See docs/isolation.md`,
  );
}
