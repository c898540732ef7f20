import { AGENT_TYPE_NAMES } from '@aaas/contract/agent-config';
import type { LiveSettingName, Settings } from '@aaas/contract/settings';
import { defineAgent } from '../agents/define-agent.ts';
import { discardOldPaths } from '../directories/cell-directory.ts';
import type { ScaledBounds } from '../fleet/autoscaler/scaled-bounds.ts';
import { type CellKind, kindOf } from '../harness/claude-agent-sdk/cells/cell-kind.ts';
import { type Cell, makeCell } from '../harness/claude-agent-sdk/cells/make-cell.ts';
import type { HarnessNode } from '../harness/claude-agent-sdk/claude-harness.ts';
import { totalMemory } from '../sandboxes/pool/pool-capacity.ts';
import { WarmPool } from '../sandboxes/pool/warm-pool.ts';
import type { StartGate } from '../sandboxes/spawn/start-gate.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { Memory } from './open-memory.ts';

const OLD_PATHS_EVERY_MS = 600_000;
// What a process reads when it starts and no claim can change.
const FIXED_AT_START: readonly LiveSettingName[] = [
  'MCP_CONNECT_TIMEOUT',
  'MAX_MEMORY_PER_AGENT_MB',
  'MAX_CPU_PER_AGENT_PERCENT',
  'MAX_PIDS_PER_AGENT',
  'MAX_DISK_PER_AGENT_MB',
];

/** Opens the pool of spare processes of this node; the cells of an earlier life were removed. */
export function openWarmPool(options: {
  node: HarnessNode;
  settings: Settings;
  live: LiveSettings;
  ctx: SessionContext;
  /** Sessions that this node owns. */
  owned(): number;
  starts: StartGate;
  memory: Memory;
  scaled: Pick<ScaledBounds, 'spares'>;
}): { pool: WarmPool<CellKind, Cell>; close(): Promise<void> } {
  const { node, settings, live, ctx, owned, starts, memory, scaled } = options;
  const pool = new WarmPool<CellKind, Cell>({
    make: async (kind, signal) => {
      const leave = await starts.enter({ urgency: () => 'spare', signal, onWait: () => {} });
      try {
        return await makeCell(node, kind, { startMs: settings.START_TIMEOUT * 1000, signal });
      } finally {
        leave();
      }
    },
    usualKinds: () => usualKinds(settings.DEFAULT_MODEL, node.mcpConnectMs),
    bounds: {
      get min() {
        return scaled.spares;
      },
      get memoryPercent() {
        return settings.WARM_POOL_MEMORY_PERCENT;
      },
      get slots() {
        return settings.MAX_AGENTS - owned();
      },
    },
    memory: () => ({ total: totalMemory(), available: memory.available() - memory.reserve() }),
    isResting: () => ctx.frozen(),
    metrics: ctx.metrics,
    log: ctx.log,
    now: () => performance.now(),
  });
  const upkeep = everyWhile(OLD_PATHS_EVERY_MS, () => discardOldPaths(node.dataDir), ctx);
  live.onChange((changed) => {
    if (changed.some((name) => FIXED_AT_START.includes(name))) void pool.renew();
  });
  return {
    pool,
    close: async () => {
      await upkeep.close();
      await pool.close();
    },
  };
}

/** Those of the eight types with nothing set, in the order in which they are listed. */
function usualKinds(model: string, mcpConnectMs: number): CellKind[] {
  return AGENT_TYPE_NAMES.flatMap((agent_type) => {
    const kind = kindOf(defineAgent({ agent_type }, { name: agent_type, model }), { mcpConnectMs });
    return typeof kind === 'string' ? [] : [kind];
  });
}

/** Does something now and again, never twice at a time; `close` resolves when it has ended. */
function everyWhile(everyMs: number, work: () => Promise<void>, { log }: SessionContext): { close(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const again = () => {
    running = work().catch((error) => log.error({ err: error }, 'failed to remove old paths of cells'));
  };
  again();
  const timer = setInterval(again, everyMs);
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
