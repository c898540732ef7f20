import { z } from 'zod';
import { Enforcement } from './enforcement.ts';
import { StatusName } from './operations-api.ts';
import { NodeLabels } from './placement.ts';
import { WarmPoolState } from './starts.ts';
import { UpstreamHealth } from './upstreams.ts';

const timestamp = z.iso.datetime().describe('RFC 3339, UTC');

/** How a node is, as it says itself. */
export const NodeLoad = z
  .object({
    places: z.object({
      idle: z.number().describe('Sessions whose process waits for work.'),
      working: z.number().describe('Sessions with a turn, or whose process starts, recovers or ends.'),
    }),
    starts: z.object({
      running: z.number(),
      waiting: z.number(),
      max: z.number().describe('MAX_CONCURRENT_STARTS'),
      waiting_for: z
        .enum(['concurrency', 'memory'])
        .nullable()
        .describe('concurrency: for others that start; memory: for MEMORY_RESERVE_MB to be free.'),
    }),
    memory: z.object({
      available_bytes: z.number().describe('What new processes could take, within the limits above this node.'),
      reserve_bytes: z.number(),
      short: z.boolean().describe('true: nothing starts, and idle agents sleep.'),
    }),
    warm_pool: WarmPoolState.optional(),
    enforcement: Enforcement.optional().describe('Absent of a node that runs no agents.'),
    gateway: z
      .object({ simulated: z.boolean(), upstreams: z.array(UpstreamHealth) })
      .optional()
      .describe('Absent of a node that is no gateway.'),
    waiting_agents: z.number().describe('Sessions of the whole platform that wait for a place, as this node counted.'),
  })
  .meta({ id: 'NodeLoad' });
export type NodeLoad = z.infer<typeof NodeLoad>;

export const FleetNode = z
  .object({
    id: z.string(),
    state: z
      .enum(['live', 'draining', 'drained', 'lost', 'stopped'])
      .describe(
        'draining: it takes no work and gives up what it has; drained: it has nothing left. lost: no heartbeat for LEASE_TTL; its sessions go to other nodes.',
      ),
    draining_since: timestamp.nullable(),
    this_node: z.boolean().describe('true: it gave this answer.'),
    roles: z.array(z.string()),
    version: z.string(),
    region: z.string().nullable().describe('REGION'),
    labels: NodeLabels.describe('NODE_LABELS'),
    address: z.string().nullable(),
    pid: z.number(),
    started_at: timestamp,
    heartbeat_at: timestamp,
    stopped_at: timestamp.nullable(),
    capacity: z.number().describe('Places: live sandboxes at most (MAX_AGENTS).'),
    owned: z.number().describe('Places that sessions hold.'),
    load: NodeLoad.nullable().describe('null: it has not said yet.'),
    load_at: timestamp.nullable(),
  })
  .meta({ id: 'FleetNode' });
export type FleetNode = z.infer<typeof FleetNode>;

export const DrainRequest = z
  .strictObject({
    node_id: z.string().min(1).max(128).optional().describe('Default: the node that answers.'),
    undo: z.boolean().default(false).describe('true: it takes work again.'),
  })
  .meta({ id: 'DrainRequest' });

export const Fleet = z
  .object({
    nodes: z.array(FleetNode).describe('Those that run, and those that left within the last day; newest first.'),
    capacity: z.object({
      places: z.number().describe('Of all live nodes.'),
      held: z.number(),
      idle: z.number().describe('Of those held: whoever waits for work gives up its place to others.'),
      free: z.number(),
    }),
    sandboxes: z
      .record(z.string(), z.number())
      .describe('Processes by their phase: starting, warming, ready and so on.'),
    sessions: z.partialRecord(StatusName, z.number()).describe('Sessions of the whole platform by status.'),
    queue: z.object({
      waiting: z.number().describe('Sessions with work that wait for a place.'),
      max: z.number().describe('MAX_WAITING_AGENTS'),
      oldest_since: timestamp.nullable(),
      workspaces: z.number().describe('How many workspaces they are of; these take turns.'),
      unplaced: z
        .number()
        .describe('Sessions with work that stand in no line, for no node that takes work may run them.'),
    }),
    regions: z
      .array(
        z.object({
          region: z.string().nullable().describe('null: nodes without one.'),
          nodes: z.number().describe('Live ones.'),
          places: z.number(),
          held: z.number(),
          waiting: z.number().describe('Sessions that are to run there, or anywhere, and wait for a place.'),
        }),
      )
      .describe('By region: where there are nodes, or sessions that wait for some.'),
  })
  .meta({ id: 'Fleet' });
export type Fleet = z.infer<typeof Fleet>;
