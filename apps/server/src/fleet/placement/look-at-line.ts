import type { PlacementStrategy } from '@aaas/contract/placement';
import type { Pool } from 'pg';
import type { Candidate, FleetView, WaitingSession } from './share-of.ts';

/** Sessions that are shared out at one look; those behind them are within the next. */
const FRESH_MAX = 500;
/** Of a lease: whoever has been silent for longer has missed a heartbeat. */
const LATE_SHARE = 2 / 3;

// The figures of nodes are of this moment, for what others took a moment ago counts, and are read only when there is
// something to share. A node that has missed a heartbeat or is short of memory gets nothing: it may take what is left.
const LOOK = {
  name: 'placement.look',
  text: `
    with fresh as materialized (
      select h.session_id as "sessionId", h.workspace_id as "workspaceId", h.lane, h.last_node as "lastNode",
             case when h.held_by <> '' and still_holds(h.held_by, h.lane, $4::double precision) then h.held_by end as "heldBy",
             case when $3 then (select s.agent_id from sessions s where s.id = h.session_id) end as "agentId"
        from session_heads h
       where h.runnable_at between now() - $1 * interval '1 ms' and now() + $1 * interval '1 ms' and h.owner is null
       order by h.mid_turn desc, h.runnable_at, h.session_id limit ${FRESH_MAX}
    ), live as materialized (
      select n.id, n.capacity, n.region, n.labels, (select count(*)::int from session_heads h where h.owner = n.id) as owned
        from nodes n
       where exists (select 1 from fresh) and 'worker' = any (n.roles) and n.draining_since is null
         and n.stopped_at is null and n.lost_at is null and n.heartbeat_at > now() - $2 * interval '1 ms'
         and (n.load -> 'memory' ->> 'short')::boolean is not true
    ), kin as (
      select h.owner, s.agent_id as agent, h.workspace_id as workspace, count(*)::int as count
        from live join session_heads h on h.owner = live.id join sessions s on s.id = h.session_id
       where $3 and h.workspace_id in (select "workspaceId" from fresh)
       group by h.owner, s.agent_id, h.workspace_id
    )
    select coalesce((select json_agg(fresh) from fresh), '[]') as waiting,
           coalesce((select json_agg(live) from live), '[]') as nodes,
           coalesce((select json_agg(kin) from kin), '[]') as kin,
           exists (select 1 from session_heads h
                    where h.owner is null and h.runnable_at not between now() - $1 * interval '1 ms' and now() + $1 * interval '1 ms')
             as older`,
};

interface Kin {
  owner: string;
  agent: string;
  workspace: string;
  count: number;
}

/** What is to be shared among the nodes at this moment. */
export interface LookedAt extends Omit<FleetView, 'strategy' | 'away'> {
  /** Sessions wait that were shared out before and found nobody. */
  older: boolean;
}

export async function lookAtLine(
  pool: Pool,
  bounds: { graceMs: number; goneAfterMs: number; strategy: PlacementStrategy },
): Promise<LookedAt> {
  const { graceMs, goneAfterMs, strategy } = bounds;
  const values = [graceMs, goneAfterMs * LATE_SHARE, strategy === 'spread', goneAfterMs];
  type Row = { waiting: WaitingSession[]; nodes: Candidate[]; kin: Kin[]; older: boolean };
  const row = (await pool.query<Row>({ ...LOOK, values })).rows[0];
  const { waiting = [], nodes = [], kin = [], older = false } = row ?? {};
  return { waiting, nodes, older, together: countKin(kin) };
}

function countKin(all: Kin[]): NonNullable<FleetView['together']> {
  const agents = new Map<string, number>();
  const workspaces = new Map<string, number>();
  const add = (to: Map<string, number>, key: string, count: number) => to.set(key, (to.get(key) ?? 0) + count);
  for (const { owner, agent, workspace, count } of all) {
    add(agents, `${owner} ${agent}`, count);
    add(workspaces, `${owner} ${workspace}`, count);
  }
  return (nodeId, { agentId, workspaceId }) => ({
    agent: agents.get(`${nodeId} ${agentId}`) ?? 0,
    workspace: workspaces.get(`${nodeId} ${workspaceId}`) ?? 0,
  });
}
