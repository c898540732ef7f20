import type { FleetSignals } from '@aaas/contract/autoscaler';
import {
  type Bounds,
  type Cause,
  type Decision,
  firstAbove,
  hold,
  intoBounds,
  type LastMove,
  move,
  stepDown,
  stepUp,
} from './decision.ts';
import type { ScaleRules } from './scale-rules.ts';

export interface FleetState {
  /** What the fleet is to have by the last decision. */
  desired: number;
  last: LastMove;
}

export interface FleetInput {
  /** Of the window. */
  signals: FleetSignals;
  /** Of this moment: what has passed already is no reason to grow. */
  latest: { waiting: number; oldest_wait_seconds: number };
  /** What is wanting for an average; null: nothing. */
  missing: string | null;
  rules: ScaleRules;
  bounds: Bounds;
  state: FleetState;
  now: number;
}

/** Of fewer starts the 95th percentile is that of one or two. */
const STARTS_MIN = 5;

/** How many worker nodes the fleet should have. */
export function decideFleet(input: FleetInput): Decision {
  const { signals, latest, missing, rules, bounds, state, now } = input;
  const { desired, last } = state;
  if (!rules.enabled) return hold(desired, 'switched_off');
  const within = intoBounds(desired, bounds, 'desired_nodes');
  if (within) return within;
  if (signals.nodes === 0) return withoutWorkers(input);
  const over = overUse(signals, latest, rules);
  // Who waits needs no averages: a node that fails at each start must not keep others from coming.
  if (signals.silent_nodes > 0 && over?.reason !== 'queue_waits')
    return hold(desired, 'data_missing', { detail: `${signals.silent_nodes} of ${signals.nodes} nodes are silent` });
  if (missing !== null || signals.use === null) return hold(desired, 'data_missing', { detail: missing });

  if (over) {
    // From what there is: nodes that do not come are not asked for again and again.
    const to = Math.min(bounds.max, stepUp(signals.nodes));
    if (to > desired) return move(desired, to, over, { now, last, rules });
    return hold(desired, signals.nodes >= bounds.max ? 'at_max' : 'nodes_coming', { cause: over });
  }
  if (signals.use >= rules.down || latest.waiting > 0) return hold(desired, 'within_thresholds');
  const under: Cause = { reason: 'use_low', signal: 'use', value: signals.use, threshold: rules.down };
  if (desired <= bounds.min) return hold(desired, 'at_min', { cause: under });
  if (signals.nodes > desired) return hold(desired, 'nodes_leaving', { cause: under });
  const load = signals.use * signals.nodes;
  const bears = (nodes: number) => (nodes === 0 ? load === 0 : load / nodes < rules.up);
  let to = Math.max(bounds.min, stepDown(desired));
  while (to < desired && !bears(to)) to++;
  if (to === desired) return hold(desired, 'would_overload', { cause: under });
  return move(desired, to, under, { now, last, rules });
}

/** Nobody can say how things are but the queue. */
function withoutWorkers({ latest, rules, bounds, state, now }: FleetInput): Decision {
  const { desired, last } = state;
  if (latest.waiting === 0) return hold(desired, 'no_workers');
  const cause: Cause = { reason: 'queue_waits', signal: 'waiting', value: latest.waiting, threshold: 0 };
  const to = Math.min(bounds.max, Math.max(1, bounds.min));
  return to > desired ? move(desired, to, cause, { now, last, rules }) : hold(desired, 'nodes_coming', { cause });
}

function overUse(signals: FleetSignals, latest: FleetInput['latest'], rules: ScaleRules): Cause | null {
  const { use, starts, oldest_wait_seconds, memory_use, start_p95_ms } = signals;
  // More nodes help against full memory and slow starts only where agents are the reason.
  const busy = use !== null && use >= rules.down;
  return firstAbove([
    {
      reason: 'queue_waits',
      signal: 'oldest_wait_seconds',
      value: oldest_wait_seconds,
      threshold: rules.waitSeconds,
      counts: latest.waiting > 0 && latest.oldest_wait_seconds > rules.waitSeconds,
    },
    { reason: 'use_high', signal: 'use', value: use, threshold: rules.up },
    { reason: 'memory_high', signal: 'memory_use', value: memory_use, threshold: rules.up, counts: busy },
    {
      reason: 'starts_slow',
      signal: 'start_p95_ms',
      value: start_p95_ms,
      threshold: rules.startSeconds * 1_000,
      counts: busy && rules.startSeconds > 0 && starts >= STARTS_MIN,
    },
  ]);
}
