/** What a node saw of its load since its last look. Memory in bytes. */
export interface NodeSample {
  /** Seconds since the look before. */
  seconds: number;
  /** How often a session got something to do through this node. */
  arrivals: number;
  /** How long starts of processes took up to their first answer, in milliseconds; the last of them. */
  starts_ms: number[];
  starts_waiting: number;
  /** Of a node that runs sessions. */
  worker: {
    places: number;
    held: number;
    idle: number;
    /** Spares that were asked for and not yet replaced, at most, and those that were asked for in vain; null: no pool. */
    spares_asked: number | null;
    memory_used: number;
    memory_total: number;
  } | null;
  /** How the node stands after its decisions: for people. */
  standing: {
    spares: { target: number; min: number; max: number; ready: number } | null;
    idle_seconds: number | null;
    signals: unknown;
  };
}

/** All nodes together at one moment. */
export interface FleetSample {
  /** Live worker nodes, and those of them that have not said how they are. */
  nodes: number;
  silent: number;
  places: number;
  held: number;
  working: number;
  /** Sessions that wait for a place, and for how many seconds the oldest has. */
  waiting: number;
  oldest_wait_seconds: number;
  arrivals_per_minute: number;
  memory_used: number;
  memory_total: number;
  starts_ms: number[];
  starts_waiting: number;
}

/** A sample and when it was taken, in milliseconds since 1970. */
export interface Taken<Sample> {
  at: number;
  sample: Sample;
}

/** Samples of the window that ends now, the oldest first. */
export function inWindow<Sample>(taken: Taken<Sample>[], now: number, windowSeconds: number): Taken<Sample>[] {
  return taken.filter(({ at }) => at > now - windowSeconds * 1_000 && at <= now);
}

/**
 * Whether half of the looks that a window has are there, so that an average means something.
 * @returns null when they are, else how many there are of how many that are needed
 */
export function missingSamples(count: number, rules: { windowSeconds: number; loopSeconds: number }): string | null {
  const needed = Math.max(1, Math.floor(rules.windowSeconds / rules.loopSeconds / 2));
  return count >= needed ? null : `${count} of ${needed} samples`;
}

export function average(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** By the nearest rank; null: there are none. */
export function percentile(values: number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? null;
}

/** As many digits as people read. */
export function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
