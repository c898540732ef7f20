import type { NodeLabels } from '@aaas/contract/placement';
import { hasLabels, type Wants, wantsOf } from './lane.ts';
import type { Standing, StandingNode } from './read-standing.ts';

/** What a node makes of how the fleet stands. */
export interface Judgement {
  /** Nodes that take work, this one included. */
  workers: number;
  draining: boolean;
  /** It has said already that it owns nothing any more. */
  drained: boolean;
  /** Lanes whose own region has had no room for long enough: this node may have them. */
  away: string[];
  /** Lanes of which no node that takes work may have any. */
  unplaceable: string[];
  /** Lanes that were so, and are not any more. */
  placeable: string[];
  /** Sessions are to be taken from nodes whose lease has ended. */
  lost: boolean;
}

/**
 * @param fullSince since when regions have had no room though nodes of them live, by lane; kept from one look to the
 *   next. Milliseconds of the clock that `now` comes from.
 */
export function judgeStanding(
  { nodes, lanes, unplaced, lost }: Standing,
  self: { id: string; region: string | null; labels: NodeLabels },
  failoverMs: number,
  fullSince: Map<string, number>,
  now: number,
): Judgement {
  const own = nodes.find(({ id }) => id === self.id);
  const working = nodes.filter(({ live, draining }) => live && !draining);
  const isPlaceable = (lane: string) => working.some((node) => couldRun(node, wantsOf(lane)));
  for (const lane of fullSince.keys()) if (!lanes.includes(lane)) fullSince.delete(lane);
  const away = lanes.filter((lane) => {
    const wants = wantsOf(lane);
    if (wants.region === null || wants.region === self.region || !wants.elsewhere || !hasLabels(self, wants))
      return false;
    return awayMs(nodes, lane, wants, fullSince, now) >= failoverMs;
  });
  return {
    workers: working.length,
    draining: own?.draining ?? false,
    drained: own?.drained ?? false,
    away,
    // Who cannot see itself does not judge for all.
    unplaceable: own?.live ? lanes.filter((lane) => !isPlaceable(lane)) : [],
    placeable: unplaced.filter(isPlaceable),
    lost: lost.some((id) => id !== self.id),
  };
}

/** Were there room, and its own region without any. */
function couldRun(node: StandingNode, wants: Wants): boolean {
  return hasLabels(node, wants) && (wants.elsewhere || wants.region === null || wants.region === node.region);
}

/** For how long no node of its region has had room for what stands in a lane. */
function awayMs(
  nodes: StandingNode[],
  lane: string,
  wants: Wants,
  fullSince: Map<string, number>,
  now: number,
): number {
  const able = nodes.filter((node) => node.region === wants.region && hasLabels(node, wants));
  const working = able.filter(({ live, draining }) => live && !draining);
  if (working.some(({ capacity, owned }) => (owned ?? 0) < capacity)) {
    fullSince.delete(lane);
    return -1;
  }
  if (working.length === 0) return Math.min(...able.map((node) => node.awayMs));
  const since = fullSince.get(lane) ?? now;
  fullSince.set(lane, since);
  return now - since;
}
