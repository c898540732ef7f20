import type { Fleet, FleetNode, NodeLoad } from '@aaas/contract/fleet';
import type { Status } from '@aaas/contract/lifecycle';
import type { NodeLabels } from '@aaas/contract/placement';
import type { Pool } from 'pg';

interface NodeRow {
  id: string;
  roles: string[];
  version: string;
  region: string | null;
  labels: NodeLabels;
  drainingSince: Date | null;
  drainedAt: Date | null;
  address: string | null;
  capacity: number;
  pid: number;
  startedAt: Date;
  heartbeatAt: Date;
  stoppedAt: Date | null;
  fresh: boolean;
  owned: number;
  load: NodeLoad | null;
  loadAt: Date | null;
}

// Stopped nodes of long ago are of no interest, and each server that was ever started on another directory is one.
const NODES = {
  name: 'fleet.nodes',
  text: `select n.id, n.roles, n.version, n.region, n.address, n.capacity, n.pid, n.started_at as "startedAt",
                n.heartbeat_at as "heartbeatAt", n.stopped_at as "stoppedAt", n.load, n.load_at as "loadAt", n.labels,
                n.draining_since as "drainingSince", n.drained_at as "drainedAt",
                n.lost_at is null and n.heartbeat_at >= now() - make_interval(secs => $1::double precision) as fresh,
                (select count(*)::int from session_heads h where h.owner = n.id) as owned
           from nodes n
          where (n.stopped_at is null and n.heartbeat_at > now() - interval '1 day') or n.stopped_at > now() - interval '1 day'
          order by n.started_at desc limit 1000`,
};

const SESSIONS = {
  name: 'fleet.sessions',
  text: `select status, sandbox_phase as phase, count(*)::int as count from sessions group by status, sandbox_phase`,
};

const QUEUE = {
  name: 'fleet.queue',
  text: `select count(*)::int as waiting, min(runnable_at) as oldest, count(distinct workspace_id)::int as workspaces,
                (select count(*)::int from session_heads where owner = '-') as unplaced
           from session_heads where runnable_at is not null and owner is null`,
};

const REGIONS = {
  name: 'fleet.regions',
  text: `select case when h.lane = '' then null else h.lane::jsonb ->> 'region' end as region, count(*)::int as waiting
           from session_heads h where h.runnable_at is not null and h.owner is null group by 1`,
};

/** The whole fleet as one looks at it: nodes with what they say of themselves, sessions, and the queue for places. */
export async function viewFleet(
  pool: Pool,
  self: { nodeId: string; load: NodeLoad; leaseTtlSeconds: number; maxWaiting: number; now: Date },
): Promise<Fleet> {
  const [nodes, sessions, queue, regions] = await Promise.all([
    pool.query<NodeRow>({ ...NODES, values: [self.leaseTtlSeconds] }),
    pool.query<{ status: Status; phase: string; count: number }>(SESSIONS),
    pool.query<{ waiting: number; oldest: Date | null; workspaces: number; unplaced: number }>(QUEUE),
    pool.query<{ region: string | null; waiting: number }>(REGIONS),
  ]);
  const views = nodes.rows.map((row) => viewNode(row, self));
  const live = views.filter((node) => node.state === 'live');
  const sum = (of: (node: FleetNode) => number) => live.reduce((total, node) => total + of(node), 0);
  const places = sum((node) => node.capacity);
  const held = sum((node) => node.owned);
  const line = queue.rows[0];
  return {
    nodes: views,
    capacity: { places, held, idle: sum((node) => node.load?.places.idle ?? 0), free: Math.max(0, places - held) },
    sandboxes: countBy(
      sessions.rows.filter(({ phase }) => phase !== 'none' && phase !== 'failed'),
      (row) => row.phase,
    ),
    sessions: countBy(sessions.rows, (row) => row.status),
    queue: {
      waiting: line?.waiting ?? 0,
      max: self.maxWaiting,
      oldest_since: line?.oldest?.toISOString() ?? null,
      workspaces: line?.workspaces ?? 0,
      unplaced: line?.unplaced ?? 0,
    },
    regions: byRegion(views, regions.rows),
  };
}

/** A region is one that a node that runs is in, or for which sessions wait. */
function byRegion(nodes: FleetNode[], waiting: { region: string | null; waiting: number }[]): Fleet['regions'] {
  const there = nodes.filter(({ state }) => state !== 'stopped');
  const names = new Set([...there, ...waiting.filter((row) => row.region !== null)].map(({ region }) => region));
  return [...names]
    .toSorted((a, b) => (a ?? '').localeCompare(b ?? ''))
    .map((region) => {
      const live = there.filter((node) => node.region === region && node.state === 'live');
      const sum = (of: (node: FleetNode) => number) => live.reduce((total, node) => total + of(node), 0);
      return {
        region,
        nodes: live.length,
        places: sum((node) => node.capacity),
        held: sum((node) => node.owned),
        waiting: waiting.find((row) => row.region === region)?.waiting ?? 0,
      };
    });
}

/** lost outranks: what such a node was asked to do it does not do. */
function stateOf(row: NodeRow): FleetNode['state'] {
  if (row.stoppedAt) return 'stopped';
  if (!row.fresh) return 'lost';
  if (!row.drainingSince) return 'live';
  return row.drainedAt ? 'drained' : 'draining';
}

function viewNode(row: NodeRow, self: { nodeId: string; load: NodeLoad; now: Date }): FleetNode {
  const mine = row.id === self.nodeId;
  const { id, roles, version, region, address, pid, capacity, owned } = row;
  return {
    id,
    state: stateOf(row),
    draining_since: row.drainingSince?.toISOString() ?? null,
    this_node: mine,
    roles,
    version,
    region,
    labels: row.labels,
    address,
    pid,
    started_at: row.startedAt.toISOString(),
    heartbeat_at: row.heartbeatAt.toISOString(),
    stopped_at: row.stoppedAt?.toISOString() ?? null,
    capacity,
    owned,
    load: mine ? self.load : row.load,
    load_at: mine ? self.now.toISOString() : (row.loadAt?.toISOString() ?? null),
  };
}

function countBy<Row extends { count: number }, Key extends string>(
  rows: Row[],
  key: (row: Row) => Key,
): Partial<Record<Key, number>> & Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[key(row)] = (counts[key(row)] ?? 0) + row.count;
  return counts as Partial<Record<Key, number>> & Record<string, number>;
}
