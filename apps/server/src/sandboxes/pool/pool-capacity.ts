import { totalmem } from 'node:os';

/** What a spare takes: a parked Claude Code process is 180 to 260 MB. */
export const SPARE_BYTES = 256 * 2 ** 20;

/** Memory in bytes. */
export interface Memory {
  total: number;
  /** Beyond what is kept in reserve for agents. */
  available: number;
}

/**
 * How many spares the node can have now. The share of memory is of the whole; when little is left, spares are the
 * first to go: agents need it more.
 * @param slots processes that the node may start beside those that it has, spares not counted.
 */
export function poolCapacity(
  { percent, slots }: { percent: number; slots: number },
  memory: Memory,
  live: number,
): { max: number; limit: 'memory' | 'slots' } {
  const share = Math.floor((memory.total * percent) / 100 / SPARE_BYTES);
  // Room for two starts stays free; with less than four no spare is added.
  const roomFor = memory.available / SPARE_BYTES;
  const now = roomFor < 2 ? 0 : roomFor < 4 ? live : share;
  const byMemory = Math.min(share, now);
  return slots < byMemory ? { max: Math.max(0, slots), limit: 'slots' } : { max: byMemory, limit: 'memory' };
}

/** The memory of this machine, or of the container that confines us, in bytes. */
export function totalMemory(): number {
  // Without a limit the first is 0, or more than there is.
  return Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
}
