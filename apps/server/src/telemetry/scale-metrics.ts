import { Counter, Gauge, type Registry } from 'prom-client';

/** A signal by its name; null: it has no value. */
type Signals = Readonly<Record<string, number | null>>;

/** What is shown of auto-scaling. */
export interface ScaleMetrics {
  /** How many worker nodes the fleet should have; null: nobody has decided yet. */
  fleetDesired(nodes: number | null): void;
  /** What the last decision for the fleet saw; null: this node does not decide for the fleet. */
  fleetSignals(signals: Signals | null): void;
  /** What the last decision for this node saw, and where its bounds are. */
  nodeScaled(signals: Signals, targets: Record<'spares' | 'idle_seconds', number | null>): void;
  /** A decision was written down. */
  scaleDecided(scope: 'fleet' | 'node', target: string, action: 'up' | 'down' | 'hold'): void;
  /** A look failed. */
  scaleFailed(): void;
}

const TARGETS = [
  ['fleet', 'nodes'],
  ['node', 'spares'],
  ['node', 'idle_seconds'],
] as const;

export function createScaleMetrics(registry: Registry): ScaleMetrics {
  const registers = [registry];
  const desired = new Gauge({
    name: 'aaas_fleet_desired_nodes',
    help: 'Worker nodes that the fleet should have: every node reports the same, so take max, never sum. Without a series before the first decision.',
    registers,
  });
  desired.remove();
  const signal = new Gauge({
    name: 'aaas_scale_signal',
    help: 'Signals of auto-scaling, averaged over SCALE_WINDOW_SECONDS: of the fleet from the node that decides for it, of each node from itself.',
    labelNames: ['scope', 'signal'],
    registers,
  });
  const target = new Gauge({
    name: 'aaas_scale_target',
    help: 'Where auto-scaling has the bounds of this node: spares kept, and seconds after which idle agents sleep.',
    labelNames: ['target'],
    registers,
  });
  const decisions = new Counter({
    name: 'aaas_scale_decisions_total',
    help: 'Decisions of auto-scaling that this node wrote down: moves up and down, and new reasons to hold.',
    labelNames: ['scope', 'target', 'action'],
    registers,
  });
  const failures = new Counter({
    name: 'aaas_scale_failures_total',
    help: 'Looks of auto-scaling at its signals that failed.',
    registers,
  });
  for (const [scope, of] of TARGETS)
    for (const action of ['up', 'down', 'hold']) decisions.inc({ scope, target: of, action }, 0);
  const show = (scope: 'fleet' | 'node', signals: Signals) => {
    for (const [name, value] of Object.entries(signals)) {
      // An old number would pass for the present.
      if (value === null) signal.remove({ scope, signal: name });
      else signal.set({ scope, signal: name }, value);
    }
  };
  let known: string[] = [];
  return {
    fleetDesired: (nodes) => (nodes === null ? desired.remove() : desired.set(nodes)),
    fleetSignals: (signals) => {
      if (signals === null) for (const name of known) signal.remove({ scope: 'fleet', signal: name });
      else show('fleet', signals);
      known = Object.keys(signals ?? {});
    },
    nodeScaled: (signals, targets) => {
      show('node', signals);
      for (const [name, value] of Object.entries(targets)) {
        if (value === null) target.remove({ target: name });
        else target.set({ target: name }, value);
      }
    },
    scaleDecided: (scope, of, action) => decisions.inc({ scope, target: of, action }),
    scaleFailed: () => failures.inc(),
  };
}
