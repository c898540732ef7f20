/** A session that holds a place on this node, as far as that is concerned. Times in milliseconds since 1970. */
export interface Place {
  workspaceId: string;
  /** Since when it works on turns without a rest; null: not on any yet. */
  busySince: number | null;
  /** Since when its process waits for work; null: it works, or starts. */
  idleSince: number | null;
  /** Of its agent. 0: it does not sleep for being idle; null: as the platform says. */
  idleTimeoutSeconds: number | null;
  /** It was asked to leave already. */
  leaving: boolean;
}

/** Those that have been idle for as long as they may, the longest idle first. `platformIdleMs` null: for ever, unless they say otherwise. */
export function timedOut<P extends Place>(places: Iterable<P>, now: number, platformIdleMs: number | null): P[] {
  const late = [...places].filter(({ idleSince, idleTimeoutSeconds, leaving }) => {
    const limit = idleTimeoutSeconds === null ? platformIdleMs : idleTimeoutSeconds * 1_000 || null;
    return !leaving && idleSince !== null && limit !== null && idleSince + limit <= now;
  });
  return late.sort((a, b) => (a.idleSince ?? 0) - (b.idleSince ?? 0));
}

export interface Room<P> {
  /** They have nothing to do: they sleep. */
  sleep: P[];
  /** They have worked long enough: they leave when their turn has ended. */
  yield: P[];
  /** When another one may be asked; null: nobody can say. */
  again: number | null;
}

/** One look asks no more of them than this to leave in the midst of their work. */
const YIELDS_MAX = 100;

/**
 * Who gives up a place when `wanted` wait for one: first the longest idle, those that never sleep by themselves after
 * the others, none before its grace; then, for what idle ones cannot give, those that have worked for `placeMs`, first
 * of the workspace that works in most places.
 */
export function makeRoom<P extends Place>(
  all: Iterable<P>,
  wanted: number,
  now: number,
  bounds: { graceMs: number; placeMs: number },
): Room<P> {
  const places = [...all];
  const going = places.filter((place) => place.leaving && place.idleSince !== null).length;
  const yielding = places.filter((place) => place.leaving && place.idleSince === null).length;
  const idle = places.filter((place) => place.idleSince !== null && !place.leaving).sort(byIdleness);
  const left = Math.max(0, wanted - going);
  const freeAt = ({ idleSince }: P) => (idleSince ?? now) + bounds.graceMs;
  const ready = idle.filter((place) => freeAt(place) <= now);
  const soon = idle.filter((place) => freeAt(place) > now).map(freeAt);
  const atWork = Math.min(left - idle.length - yielding, YIELDS_MAX);
  return {
    sleep: ready.slice(0, left),
    yield: longestAtWork(places, atWork, now, bounds.placeMs),
    again: left > ready.length && soon.length > 0 ? Math.min(...soon) : null,
  };
}

function byIdleness(a: Place, b: Place): number {
  const never = ({ idleTimeoutSeconds }: Place) => (idleTimeoutSeconds === 0 ? 1 : 0);
  return never(a) - never(b) || (a.idleSince ?? 0) - (b.idleSince ?? 0);
}

function longestAtWork<P extends Place>(places: P[], count: number, now: number, placeMs: number): P[] {
  if (count <= 0) return [];
  const working = places.filter((place) => place.idleSince === null && !place.leaving);
  const held = busyPlaces(working);
  const candidates = working
    .filter(({ busySince }) => busySince !== null && busySince + placeMs <= now)
    .sort((a, b) => (a.busySince ?? 0) - (b.busySince ?? 0));
  const chosen: P[] = [];
  while (chosen.length < count && candidates.length > 0) {
    const most = Math.max(...candidates.map(({ workspaceId }) => held.get(workspaceId) ?? 0));
    const [next] = candidates.splice(
      candidates.findIndex(({ workspaceId }) => held.get(workspaceId) === most),
      1,
    );
    if (!next) break;
    held.set(next.workspaceId, most - 1);
    chosen.push(next);
  }
  return chosen;
}

/** How many places of each workspace are at work. */
export function busyPlaces(places: Iterable<Place>): Map<string, number> {
  const busy = new Map<string, number>();
  for (const { workspaceId, idleSince } of places) {
    if (idleSince === null) busy.set(workspaceId, (busy.get(workspaceId) ?? 0) + 1);
  }
  return busy;
}
