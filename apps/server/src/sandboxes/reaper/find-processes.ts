import { type SeenProcess, scanProcesses } from './scan-processes.ts';

/** Users that belong to the agents of one node: from `first` on, so many. */
export interface UidRange {
  first: number;
  count: number;
}

/** Which processes: those whose marker begins with `marker`, and every one that runs as `uid`. */
export interface ProcessQuery {
  marker: string;
  uid: number | null;
}

/**
 * The living processes of a sandbox, or of all sandboxes of a node. Reads /proc; where there is none (macOS) it finds
 * nothing, and only process groups are killed there.
 */
export async function findProcesses(query: ProcessQuery): Promise<number[]> {
  return (await findSeen(query)).map(({ pid }) => pid);
}

/** The same, with what is known of each. */
export async function findSeen({ marker, uid }: ProcessQuery): Promise<SeenProcess[]> {
  const belongs = (seen: SeenProcess) => seen.marker?.startsWith(marker) || (uid !== null && seen.uid === uid);
  return (await scanProcesses()).filter((seen) => belongs(seen) && seen.pid !== process.pid);
}

export function isWithin(range: UidRange | null, uid: number): boolean {
  return range !== null && uid >= range.first && uid < range.first + range.count;
}
