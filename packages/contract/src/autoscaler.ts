import { z } from 'zod';

const timestamp = z.iso.datetime().describe('RFC 3339, UTC');
const keys = <T extends string>(record: Record<T, unknown>) => Object.keys(record) as [T, ...T[]];

/** What auto-scaling moves. */
export const SCALE_TARGETS = {
  nodes: 'Worker nodes that the fleet should have.',
  spares: 'Spare processes that a node keeps ready.',
  idle_seconds: 'Seconds after which an idle agent without a timeout of its own sleeps on a node.',
} as const;
export type ScaleTarget = keyof typeof SCALE_TARGETS;

/** Why a decision was made: a closed list, each with a sentence for people. */
export const SCALE_REASONS = {
  use_high: 'More of it is used than SCALE_UP_THRESHOLD.',
  queue_waits: 'Agents have waited for a place longer than SCALE_WAIT_SECONDS.',
  memory_high: 'More memory is used than SCALE_UP_THRESHOLD.',
  starts_slow: 'One start in twenty takes longer than SCALE_START_SECONDS.',
  below_min: 'It is below its lower bound.',
  use_low: 'Less of it is used than SCALE_DOWN_THRESHOLD.',
  above_max: 'It is above its upper bound.',
  within_thresholds: 'Neither threshold is crossed.',
  cooldown: 'It was moved a moment ago.',
  at_max: 'It stands at its upper bound.',
  at_min: 'It stands at its lower bound.',
  would_overload: 'With less, what is left would be above SCALE_UP_THRESHOLD.',
  nodes_coming: 'Nodes that were asked for are not there yet.',
  nodes_leaving: 'Nodes that are not wanted any more are still there.',
  no_workers: 'No worker node is there.',
  nothing_idle: 'No agent is idle.',
  data_missing: 'Too little is known of the last SCALE_WINDOW_SECONDS.',
  pool_off: 'The node keeps no spares: WARM_POOL_MEMORY_PERCENT is 0.',
  idle_shutdown_off: 'Agents do not sleep by themselves: ENABLE_IDLE_SHUTDOWN is false.',
  switched_off: 'ENABLE_AUTO_SCALING is false.',
} as const;
export type ScaleReason = keyof typeof SCALE_REASONS;

const figure = (text: string) => z.number().nullable().describe(text);

export const FleetSignals = z
  .object({
    nodes: z.number().describe('Live worker nodes.'),
    silent_nodes: z.number().describe('Of those: how many did not say how they are.'),
    places: z.number(),
    use: figure('Work against places: those that work or wait, or are asked for within a minute.'),
    slot_use: figure('Places held against places.'),
    work_use: figure('Places that work against places.'),
    waiting: z.number().describe('Agents that wait for a place.'),
    oldest_wait_seconds: z.number(),
    arrivals_per_minute: z.number().describe('How often a session got something to do.'),
    memory_use: figure('Share of the memory of worker nodes that is used.'),
    starts: z.number().describe('Starts of processes in the window.'),
    start_p50_ms: figure('What they took up to their first answer.'),
    start_p95_ms: figure(''),
    starts_waiting: z.number().describe('Starts that wait for their turn or for memory.'),
  })
  .meta({ id: 'FleetSignals' })
  .describe('Averages over SCALE_WINDOW_SECONDS, against the nodes that are there now.');
export type FleetSignals = z.infer<typeof FleetSignals>;

export const NodeSignals = z
  .object({
    spare_use: figure('Spares asked for between two looks against those kept; above 1: some starts found none.'),
    activity: figure('Share of the held places that works.'),
    idle: z.number().describe('Agents whose process waits for work.'),
    held: z.number(),
    memory_use: figure('Share of the memory that is used.'),
    starts_waiting: z.number(),
    starts: z.number().describe('Starts of processes in the window.'),
    start_p50_ms: figure('What they took up to their first answer.'),
    start_p95_ms: figure(''),
  })
  .meta({ id: 'NodeSignals' })
  .describe('Averages over SCALE_WINDOW_SECONDS.');
export type NodeSignals = z.infer<typeof NodeSignals>;

export const ScaleDecision = z
  .object({
    id: z.number(),
    at: timestamp,
    scope: z.enum(['fleet', 'node']),
    node_id: z.string().nullable().describe('Of a node: which.'),
    target: z.enum(keys<ScaleTarget>(SCALE_TARGETS)),
    action: z.enum(['up', 'down', 'hold']),
    from: z.number().nullable(),
    to: z.number().nullable().describe('As `from` when it holds; null: there is nothing to move.'),
    reason: z.enum(keys<ScaleReason>(SCALE_REASONS)),
    detail: z.string().nullable(),
    signal: z.string().nullable().describe('What was decisive, of `signals`.'),
    value: z.number().nullable().describe('Its value.'),
    threshold: z.number().nullable().describe('What it was compared with.'),
    cooldown_until: timestamp.nullable().describe('It does not move that way again before.'),
    drain_candidates: z.array(z.string()).describe('Nodes that can best be done without, the first before the others.'),
    signals: z.union([FleetSignals, NodeSignals]).nullable(),
  })
  .meta({ id: 'ScaleDecision' });
export type ScaleDecision = z.infer<typeof ScaleDecision>;

export const DesiredNodes = z
  .object({
    desired_nodes: z.number().describe('Worker nodes that the fleet should have.'),
    live_nodes: z
      .number()
      .nullable()
      .describe('Worker nodes that took work at the last look; those that drain do not.'),
    min_nodes: z.number(),
    max_nodes: z.number(),
    reason: z.enum(keys<ScaleReason>(SCALE_REASONS)).nullable(),
    evaluated_at: timestamp.nullable().describe('When somebody decided last.'),
  })
  .meta({ id: 'DesiredNodes' });
export type DesiredNodes = z.infer<typeof DesiredNodes>;

export const Autoscaler = z
  .object({
    enabled: z.boolean().describe('ENABLE_AUTO_SCALING; false: nothing moves, signals are still taken.'),
    rules: z.object({
      up_threshold: z.number(),
      down_threshold: z.number(),
      wait_seconds: z.number(),
      start_seconds: z.number(),
      window_seconds: z.number(),
      loop_seconds: z.number(),
    }),
    fleet: DesiredNodes.extend({
      desired_nodes: z.number().nullable().describe('null: nobody has looked yet.'),
      detail: z.string().nullable(),
      changed_at: timestamp.nullable(),
      cooldown: z.object({ up_until: timestamp.nullable(), down_until: timestamp.nullable() }),
      drain_candidates: z
        .array(z.string())
        .describe('After a step down: the nodes that can best be done without. A recommendation.'),
      leader: z.string().nullable().describe('The node that decides for the fleet.'),
      signals: FleetSignals.nullable().describe('null: nobody has looked yet.'),
    }),
    nodes: z.array(
      z.object({
        id: z.string(),
        at: timestamp,
        spares: z
          .object({ target: z.number(), min: z.number(), max: z.number(), ready: z.number() })
          .nullable()
          .describe('null: it keeps none.'),
        idle_seconds: z.number().nullable().describe('null: agents do not sleep by themselves.'),
        signals: NodeSignals.nullable().describe('null: too little is known yet.'),
      }),
    ),
    data: z.array(ScaleDecision).describe('Decisions, newest first.'),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'Autoscaler' });
export type Autoscaler = z.infer<typeof Autoscaler>;
