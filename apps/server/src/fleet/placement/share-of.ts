import type { NodeLabels, PlacementStrategy } from '@aaas/contract/placement';
import { hasLabels, type Wants, wantsOf } from './lane.ts';

/** A node that takes work, as far as placement is concerned. */
export interface Candidate {
  id: string;
  /** Places. */
  capacity: number;
  /** Places that sessions hold. */
  owned: number;
  region: string | null;
  labels: NodeLabels;
}

/** A session that waits for an owner. */
export interface WaitingSession {
  sessionId: string;
  workspaceId: string;
  agentId: string | null;
  lane: string;
  /** Where it ran last: its directory lies there. */
  lastNode: string | null;
  /** The node that has the only copy of its files, lives and may run it; null: any may have it. */
  heldBy: string | null;
}

export interface FleetView {
  nodes: readonly Candidate[];
  /** In the order in which they get places. */
  waiting: readonly WaitingSession[];
  strategy: PlacementStrategy;
  /** Lanes whose sessions may run in other regions, for their own has had no room for long enough. */
  away: ReadonlySet<string>;
  /** Sessions of an agent or a workspace that a node owns; `spread` alone asks. */
  together?(nodeId: string, of: { agentId: string | null; workspaceId: string }): { agent: number; workspace: number };
}

interface Asking extends WaitingSession {
  wants: Wants;
}

interface Filling extends Candidate {
  /** Of what was given to it here. */
  given: WaitingSession[];
}

/**
 * Which of the sessions that wait a node takes, when every node of the fleet reckons like this: each session goes where
 * it ran last if there is room, and else where the strategy puts it, one after the other, each as if those before it
 * were there already. What one node alone has the files of is for that node or nobody. What finds no room is nobody's.
 * Pure.
 */
export function shareOf(view: FleetView, self: string): string[] {
  const nodes = view.nodes.map((node): Filling => ({ ...node, given: [] })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const lanes = new Map<string, Wants>();
  for (const { lane } of view.waiting) if (!lanes.has(lane)) lanes.set(lane, wantsOf(lane));
  const waiting = view.waiting.map((one): Asking => ({ ...one, wants: lanes.get(one.lane) ?? wantsOf(one.lane) }));
  const others = waiting.filter((session) => {
    if (session.heldBy !== null) {
      const holder = nodes.find(({ id }) => id === session.heldBy);
      if (holder) give(holder, session);
      return false;
    }
    const last = nodes.find(({ id }) => id === session.lastNode);
    if (!last || !mayRun(last, session, view.away)) return true;
    return !give(last, session);
  });
  for (const session of others) {
    const able = nodes.filter((node) => node.owned < node.capacity && mayRun(node, session, view.away));
    const { region } = session.wants;
    // Away as its region may be, a place that has become free there comes first.
    const home = able.filter((node) => region === null || node.region === region);
    const best = least(home.length > 0 ? home : able, (node) => cost(node, session, view));
    if (best) give(best, session);
  }
  return nodes.find(({ id }) => id === self)?.given.map(({ sessionId }) => sessionId) ?? [];
}

function mayRun(node: Candidate, { lane, wants }: Asking, away: ReadonlySet<string>): boolean {
  if (!hasLabels(node, wants)) return false;
  return wants.region === null || wants.region === node.region || away.has(lane);
}

function give(node: Filling, session: WaitingSession): boolean {
  if (node.owned >= node.capacity) return false;
  node.owned++;
  node.given.push(session);
  return true;
}

/** What a strategy wants little of, the weightiest first. */
function cost(node: Filling, session: WaitingSession, { strategy, together }: FleetView): number[] {
  const load = node.owned / node.capacity;
  switch (strategy) {
    case 'least-loaded':
      return [load, node.owned];
    case 'binpack':
      return [-load, -node.owned];
    case 'spread': {
      const before = together?.(node.id, session) ?? { agent: 0, workspace: 0 };
      const agent = node.given.filter(({ agentId }) => agentId === session.agentId).length;
      const workspace = node.given.filter(({ workspaceId }) => workspaceId === session.workspaceId).length;
      return [before.agent + agent, before.workspace + workspace, load];
    }
  }
}

/** The first of those that cost least. */
function least<T>(all: T[], costOf: (one: T) => number[]): T | undefined {
  let best: T | undefined;
  let lowest: number[] = [];
  for (const one of all) {
    const own = costOf(one);
    const differs = own.findIndex((part, index) => part !== lowest[index]);
    if (best === undefined || (differs !== -1 && (own[differs] ?? 0) < (lowest[differs] ?? 0))) {
      best = one;
      lowest = own;
    }
  }
  return best;
}
