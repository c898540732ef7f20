import type { UidRange } from './find-processes.ts';
import { type SandboxName, sandboxMarker } from './sandbox-marker.ts';

/** A process tree that somebody in this server answers for, from before its spawn until it is confirmed gone. */
export interface OwnedSandbox {
  /** What the markers of its processes are. */
  readonly marker: string;
  readonly uid: number | null;
  release(): void;
}

// Of this process: what it has spawned is its own, whoever in it asked for that.
const owned = new Map<string, OwnedSandbox>();
let spawned = 0;
let highestUid = -1;

/** Each spawn has a number in its marker: of two processes of one session, the end of one must not be that of the other. */
export function ownSandbox(name: SandboxName, uid: number | null): OwnedSandbox {
  const marker = `${sandboxMarker(name)}${++spawned}/`;
  const sandbox: OwnedSandbox = { marker, uid, release: () => void owned.delete(marker) };
  owned.set(marker, sandbox);
  highestUid = Math.max(highestUid, uid ?? -1);
  return sandbox;
}

export function ownedSandboxes(): OwnedSandbox[] {
  return [...owned.values()];
}

/** `range`, and what has been given to sandboxes since it was counted. */
export function grownRange(range: UidRange | null): UidRange | null {
  return range && { ...range, count: Math.max(range.count, highestUid - range.first + 1) };
}
