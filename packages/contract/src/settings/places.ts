import { flag, whole } from './forms.ts';

/** How many agents live on a node, and when they make room. */
export const placeSettings = {
  MAX_AGENTS: whole(1, 10_000).default(100).describe('Live agent processes on this node, at most.'),
  MIN_AGENTS: whole(0, 1_000)
    .default(1)
    .describe('Spare processes that this node keeps ready however little is wanted; see docs/warm-pool.md.'),
  WARM_POOL_MEMORY_PERCENT: whole(0, 90)
    .default(10)
    .describe('Percent of the memory that spare processes may take, at 256 MiB each; 0: there are none.'),
  MEMORY_RESERVE_MB: whole(0, 100_000_000)
    .default(256)
    .describe(
      'MiB of free memory below which no agent process starts and idle ones sleep; 0: memory is not looked at.',
    ),
  ENABLE_IDLE_SHUTDOWN: flag.default(true).describe('Whether agents sleep when nobody talks to them.'),
  AGENT_IDLE_TIMEOUT: whole(1, 2_592_000)
    .default(300)
    .describe('Seconds an agent may wait for work before it sleeps; the next message wakes it.'),
  IDLE_GRACE_SECONDS: whole(0, 3_600)
    .default(1)
    .describe('Seconds after its last turn before an idle agent gives up its place to another, or for want of memory.'),
  PLACE_SECONDS: whole(1, 86_400)
    .default(60)
    .describe(
      'Seconds an agent keeps its place while others wait for one, whatever waits for it; it leaves between turns.',
    ),
  MAX_WAITING_AGENTS: whole(1, 1_000_000)
    .default(10_000)
    .describe('Agents with work that may wait for a place on a node; a message for one more is refused with 429.'),
};
