import type { Settings } from '@aaas/contract/settings';
import { runAutoscaler } from '../fleet/autoscaler/autoscaler.ts';
import { FleetScaler } from '../fleet/autoscaler/fleet-scaler.ts';
import { NodeScaler, type ScaledWorker } from '../fleet/autoscaler/node-scaler.ts';
import { ScaledBounds } from '../fleet/autoscaler/scaled-bounds.ts';
import { NodeDemand } from '../fleet/autoscaler/signals/node-demand.ts';
import type { Worker } from '../fleet/claims/worker.ts';
import { totalMemory } from '../sandboxes/pool/pool-capacity.ts';
import type { StartGate } from '../sandboxes/spawn/start-gate.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import type { Memory } from './open-memory.ts';
import type { Node } from './open-node.ts';

/** What auto-scaling knows and moves on a node; both work before anybody decides. */
export interface Scaling {
  demand: NodeDemand;
  bounds: ScaledBounds;
}

export function openScaling(settings: Settings): Scaling {
  return { demand: new NodeDemand(), bounds: new ScaledBounds(settings, totalMemory()) };
}

/** What auto-scaling asks of the part that runs agents. */
export function scaledWorker(
  settings: Settings,
  parts: {
    worker: Pick<Worker, 'places'>;
    warmPool: { takeAsked(): number; state: { ready: number } };
    starts: StartGate;
    memory: Memory;
  },
): ScaledWorker {
  const { worker, warmPool, starts, memory } = parts;
  return {
    places: () => ({ max: settings.MAX_AGENTS, ...worker.places }),
    sparesAsked: () => {
      const asked = warmPool.takeAsked();
      return settings.WARM_POOL_MEMORY_PERCENT === 0 ? null : asked;
    },
    sparesReady: () => warmPool.state.ready,
    memory: () => ({ total: totalMemory(), available: memory.available() }),
    startsWaiting: () => starts.queue.waiting,
  };
}

/** Looks at this node, and at the fleet while no other node does. `worker` null: it runs no agents. */
export function openAutoscaler(
  { settings, registered, scaling, closers }: Node,
  { ctx, worker }: { ctx: SessionContext; worker: ScaledWorker | null },
): void {
  const { pool, metrics, log } = ctx;
  const common = { pool, nodeId: registered.id, settings, metrics, log };
  const node = new NodeScaler({
    ...common,
    ...scaling,
    worker,
    isResting: () => ctx.frozen(),
    now: () => ctx.now().getTime(),
  });
  const running = runAutoscaler({ settings, node, fleet: new FleetScaler(common), metrics, log });
  closers.add('auto-scaling', () => running.close());
}
