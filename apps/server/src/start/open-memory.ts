import type { NodeLoad } from '@aaas/contract/fleet';
import type { Settings } from '@aaas/contract/settings';
import type { Worker } from '../fleet/claims/worker.ts';
import { memoryReader } from '../sandboxes/spawn/available-memory.ts';
import type { StartGate } from '../sandboxes/spawn/start-gate.ts';

const MIB = 2 ** 20;
/** What a process takes that has been let in and is not up yet. */
const START_BYTES = 200 * MIB;

/** The memory of this node, as starts of agent processes have to respect it. */
export interface Memory {
  available(): number;
  reserve(): number;
  /** For one more start beside those under way. */
  hasRoom(starting: number): boolean;
  /** Idle agents are to sleep. */
  isShort(starts: Pick<StartGate, 'queue'>): boolean;
}

export function openMemory(settings: Settings): Memory {
  const available = memoryReader();
  const reserve = () => settings.MEMORY_RESERVE_MB * MIB;
  const hasRoom = (starting: number) => reserve() === 0 || available() - starting * START_BYTES >= reserve();
  return { available, reserve, hasRoom, isShort: ({ queue }) => !hasRoom(0) || queue.for === 'memory' };
}

/** How this node is, for its row and for whoever asks it. */
export function nodeLoad(
  settings: Settings,
  node: { memory: Memory; starts: StartGate; worker: Pick<Worker, 'places' | 'line'> } & Pick<
    NodeLoad,
    'warm_pool' | 'enforcement'
  >,
): NodeLoad {
  const { memory, starts, worker, warm_pool, enforcement } = node;
  return {
    places: worker.places,
    starts: {
      running: starts.running,
      waiting: starts.queue.waiting,
      max: settings.MAX_CONCURRENT_STARTS,
      waiting_for: starts.queue.for,
    },
    memory: {
      available_bytes: memory.available(),
      reserve_bytes: memory.reserve(),
      short: memory.isShort(starts),
    },
    warm_pool,
    enforcement,
    waiting_agents: worker.line.length,
  };
}

/** The load of a node that runs no agents. */
export function idleLoad(settings: Settings): NodeLoad {
  const memory = openMemory(settings);
  return {
    places: { idle: 0, working: 0 },
    starts: { running: 0, waiting: 0, max: 0, waiting_for: null },
    memory: { available_bytes: memory.available(), reserve_bytes: memory.reserve(), short: false },
    waiting_agents: 0,
  };
}
