import type { NodeLabels } from '@aaas/contract/placement';
import type { Pool } from 'pg';

/** A node with the role of a worker, as its row has it. */
export interface StandingNode {
  id: string;
  region: string | null;
  labels: NodeLabels;
  capacity: number;
  /** Null: nobody needs to know. */
  owned: number | null;
  /** Its lease has not ended. */
  live: boolean;
  draining: boolean;
  drained: boolean;
  /** Milliseconds since it could last take work. */
  awayMs: number;
}

export interface Standing {
  nodes: StandingNode[];
  /** What those ask that wait for an owner. */
  lanes: string[];
  /** What those ask for whom there was no node. */
  unplaced: string[];
  /** Nodes whose lease has ended, however long ago and whatever their roles, and that own sessions. */
  lost: string[];
}

// Nodes that went long ago are of no interest: a region without any is away for long.
const STANDING = {
  name: 'placement.standing',
  text: `
    with recursive lines as (
      (select workspace_id, lane from session_heads where runnable_at is not null and owner is null
        order by workspace_id, lane limit 1)
      union all
      select next.workspace_id, next.lane
        from lines l cross join lateral (
          select h.workspace_id, h.lane from session_heads h
           where h.runnable_at is not null and h.owner is null and (h.workspace_id, h.lane) > (l.workspace_id, l.lane)
           order by h.workspace_id, h.lane limit 1) next
    ), lanes as materialized (
      select coalesce(array_agg(distinct lane), '{}') as lanes from lines
    ), worker as (
      select n.*, n.stopped_at is null and n.lost_at is null and n.heartbeat_at >= now() - $1 * interval '1 ms' as live
        from nodes n where 'worker' = any (n.roles) and n.heartbeat_at > now() - interval '1 day'
    )
    select lanes.lanes, coalesce((select array_agg(distinct lane) from session_heads where owner = '-'), '{}') as unplaced,
           (select json_agg(json_build_object(
              'id', w.id, 'region', w.region, 'labels', w.labels, 'capacity', w.capacity, 'live', w.live,
              'owned', case when lanes.lanes <> '{}' then (select count(*) from session_heads h where h.owner = w.id) end,
              'draining', w.draining_since is not null, 'drained', w.drained_at is not null,
              'awayMs', extract(epoch from now() - case when w.live then w.draining_since
                                                        else least(w.heartbeat_at, w.draining_since) end) * 1000))
              from worker w) as nodes,
           (select coalesce(array_agg(n.id), '{}') from nodes n
             where n.heartbeat_at < now() - $1 * interval '1 ms'
               and exists (select 1 from session_heads h where h.owner = n.id)) as lost
      from lanes`,
};

/** How the nodes and the lines before them stand. */
export async function readStanding(pool: Pool, goneAfterMs: number): Promise<Standing> {
  const row = (
    await pool.query<Omit<Standing, 'nodes'> & { nodes: StandingNode[] | null }>({
      ...STANDING,
      values: [goneAfterMs],
    })
  ).rows[0];
  return { nodes: row?.nodes ?? [], lanes: row?.lanes ?? [], unplaced: row?.unplaced ?? [], lost: row?.lost ?? [] };
}
