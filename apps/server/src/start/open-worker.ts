import type { NodeLoad } from '@aaas/contract/fleet';
import { openEnv } from '../agents/env/open-env.ts';
import { sandboxSecrets } from '../agents/mcp/sandbox-secrets.ts';
import { ownerOf } from '../directories/directory-site.ts';
import type { TakingSite } from '../directories/locate-directory.ts';
import { removeDirectory } from '../directories/session-directory.ts';
import { snapshotTaker } from '../directories/snapshots/take-snapshot.ts';
import type { ScaledWorker } from '../fleet/autoscaler/node-scaler.ts';
import { Worker } from '../fleet/claims/worker.ts';
import type { NodeLease } from '../fleet/nodes/node-lease.ts';
import type { Front } from '../gateway/front.ts';
import { issueToken } from '../gateway/tokens.ts';
import { claudeHarness, type HarnessNode } from '../harness/claude-agent-sdk/claude-harness.ts';
import type { PoolState } from '../sandboxes/pool/warm-pool.ts';
import { ownedSandboxes } from '../sandboxes/reaper/owned-sandboxes.ts';
import { bindCell, reserveCell, unbindCell } from '../sessions/lifecycle/bind-cell.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import type { SandboxSources } from '../telemetry/sandbox-metrics.ts';
import { scaledWorker } from './open-autoscaler.ts';
import { openCare } from './open-care.ts';
import type { Custody } from './open-custody.ts';
import { openDirectories } from './open-directories.ts';
import { openIsolation } from './open-isolation.ts';
import { nodeLoad, openMemory } from './open-memory.ts';
import type { Node } from './open-node.ts';
import { openPlacement } from './open-placement.ts';
import { openWarmPool } from './open-warm-pool.ts';
import { workerBounds } from './worker-bounds.ts';

/** The part of a node that runs agents. */
export interface OpenWorker {
  worker: Worker;
  site: TakingSite;
  warmPool(): PoolState;
  /** Begins to keep spare processes. */
  startWarmPool(): void;
  closeWarmPool(): Promise<void>;
  load(): NodeLoad;
  scaled: ScaledWorker;
  sources: SandboxSources & { sandboxes: { owned(): number; observed(): Promise<number> } };
}

/** Claims sessions from now on. `front`: the way of its agents to the model. */
export function openWorker(
  node: Node,
  parts: { custody: Custody; lease: NodeLease; ctx: SessionContext; front: Front },
): OpenWorker {
  const { settings, live, dataDir, database, registered, beats, keyring, secret, metrics, scaling, log, closers } =
    node;
  const { pool } = database;
  const { custody, lease, ctx, front } = parts;
  const { isolation, limits } = custody;
  const memory = openMemory(settings);
  const care = openCare({ settings, pool, metrics, log, frozen: ctx.frozen, hasMemory: memory.hasRoom });
  closers.add('health checks', () => care.health.close());
  const directories = openDirectories(node, { ctx, opened: custody.directories, isolation, mayAct: () => lease.held });
  const harnessNode: HarnessNode = {
    id: registered.id,
    get incarnation() {
      return lease.incarnation;
    },
    mayAct: () => lease.whenHeld(),
    dataDir,
    limits,
    userOf: (number) => ownerOf(isolation, number),
    gatewayUrl: front.url,
    ...openIsolation({ isolation, settings, dataDir, pool, front, metrics }),
    issueToken: (session) => issueToken(secret, session),
    secretsOf: async (session) => ({
      env: (await openEnv(pool, keyring, session, session.definition)).env,
      mcp: await sandboxSecrets(pool, keyring, session, session.definition.mcp_servers),
    }),
    get mcpConnectMs() {
      return settings.MCP_CONNECT_TIMEOUT * 1000;
    },
    cells: {
      reserve: () => reserveCell(pool),
      bind: (owned, cell, directory) => bindCell(pool, owned, cell, directory),
      unbind: (owned, before, directory) => unbindCell(pool, owned, before, directory),
    },
    settleDirectory: directories.settle,
  };
  const spares = openWarmPool({
    node: harnessNode,
    settings,
    live,
    ctx,
    owned: () => worker.owned,
    starts: care.starts,
    memory,
    scaled: scaling.bounds,
  });
  const worker: Worker = new Worker({
    ctx,
    care,
    nodeId: registered.id,
    harness: claudeHarness(harnessNode, spares.pool),
    get goneAfterMs() {
      return beats.goneAfterMs;
    },
    bounds: workerBounds(settings, scaling.bounds),
    mayAct: () => lease.held,
    watch: openPlacement(node, ctx),
    removeDirectory: (sessionId) => removeDirectory(dataDir, sessionId),
    takeSnapshot: snapshotTaker(dataDir, settings),
    placeDirectory: directories.place,
    memoryShort: () => memory.isShort(care.starts),
  });
  const enforcement = { isolation: isolation.level, limits: limits.enforcement };
  return {
    worker,
    site: directories.site,
    warmPool: () => spares.pool.state,
    startWarmPool: () => spares.pool.start(),
    closeWarmPool: spares.close,
    load: () => nodeLoad(settings, { memory, starts: care.starts, worker, warm_pool: spares.pool.state, enforcement }),
    scaled: scaledWorker(settings, { worker, warmPool: spares.pool, starts: care.starts, memory }),
    sources: {
      sandboxTotals: () => care.health.totals(),
      starts: () => ({ running: care.starts.running, waiting: care.starts.queue.waiting }),
      sandboxes: { owned: () => ownedSandboxes().length, observed: () => custody.reaper.observed() },
    },
  };
}
