import type { Vitals } from './process-vitals.ts';

/** A process that is late with its answer. */
export interface Silence {
  /** Since it was asked, in milliseconds. */
  silentMs: number;
  timeoutMs: number;
  /** As it was when the timeout had passed, and as it is a moment later; null: not known. */
  before: Vitals | null;
  now: Vitals | null;
}

// Timeouts that are given to a process that sleeps: it may wait for a program that it has started.
const ASLEEP_FACTOR = 2;
// To one that is visibly at work, or waits for a processor or a disk.
const BUSY_FACTOR = 3;

/** Whether a process that has not answered in time is given up, and as what. Null: not yet. Pure. */
export function judgeSilence({ silentMs, timeoutMs, before, now }: Silence): string | null {
  if (silentMs < timeoutMs) return null;
  const after = `no answer to a health check within ${seconds(silentMs)}`;
  if (now && 'Tt'.includes(now.state)) return `${after}: the process is stopped`;
  if (silentMs >= BUSY_FACTOR * timeoutMs) return `${after}: the process is ${now ? 'busy with itself' : 'gone'}`;
  if (silentMs < ASLEEP_FACTOR * timeoutMs) return null;
  // One look does not tell a process that is stuck from one that is slow.
  if (before === null || now === null || 'RDZ'.includes(now.state) || now.ranNs > before.ranNs) return null;
  return `${after}: the process is stuck`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
