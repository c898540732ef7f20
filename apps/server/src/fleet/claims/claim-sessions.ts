import type { Pool } from 'pg';
import type { OwnedSession } from '../../sessions/session-context.ts';

/** A session that was taken, and whose it is. */
export interface ClaimedSession extends OwnedSession {
  workspaceId: string;
}

// Those that wait stand in a line of their workspace. The first of each line rank by how many places their workspace has
// at work here already: whoever has most waits longest, however many it sends. Only the heads of lines are read, through
// session_heads_line: what a claim costs follows from workspaces and free places, not from how many wait.
const CLAIM = {
  name: 'claims.claim',
  text: `
    with recursive workspaces as (
      (select workspace_id from session_heads where runnable_at is not null and owner is null
        order by workspace_id limit 1)
      union all
      select (select h.workspace_id from session_heads h
               where h.runnable_at is not null and h.owner is null and h.workspace_id > w.workspace_id
               order by h.workspace_id limit 1)
        from workspaces w where w.workspace_id is not null
    ), held as (
      select * from unnest($3::text[], $4::integer[]) as held (workspace_id, places)
    ), line as (
      select first.session_id, first.runnable_at,
             coalesce(held.places, 0)
               + row_number() over (partition by w.workspace_id order by first.runnable_at, first.session_id) as rank
        from workspaces w
        left join held on held.workspace_id = w.workspace_id
       cross join lateral (
         select h.session_id, h.runnable_at from session_heads h
          where h.workspace_id = w.workspace_id and h.runnable_at is not null and h.owner is null
          -- some more than are wanted: other nodes look at the same ones
          order by h.runnable_at limit $2 + 16) first
       where w.workspace_id is not null
    ), next as materialized (
      -- as an array: each is then looked up by its key, whatever the planner believes of their number
      select array(select session_id from line order by rank, runnable_at limit $2 + 16) as ids
    ), claimed as (
      update session_heads h set owner = $1, generation = h.generation + 1
       where h.session_id = any (array(
         select l.session_id from session_heads l
          where l.session_id = any ((select ids from next)::text[]) and l.runnable_at is not null and l.owner is null
          order by array_position((select ids from next), l.session_id) limit $2
          for update skip locked))
      returning h.session_id, h.generation, h.workspace_id
    ), placed as (
      update sessions s set node_id = $1 from claimed where s.id = claimed.session_id
    )
    select session_id as "sessionId", generation, workspace_id as "workspaceId" from claimed`,
};

/** Sessions that one claim takes at most: the statement compares each with each. */
export const CLAIMED_MAX = 500;

/**
 * Takes up to `slots` sessions that have work and no owner; the workspaces take turns, and in each the oldest comes
 * first. Each session gets a new generation. `busy`: places on this node that work for a workspace now.
 */
export async function claimSessions(
  pool: Pool,
  nodeId: string,
  slots: number,
  busy: ReadonlyMap<string, number> = new Map(),
): Promise<ClaimedSession[]> {
  const values = [nodeId, Math.min(slots, CLAIMED_MAX), [...busy.keys()], [...busy.values()]];
  return (await pool.query<ClaimedSession>({ ...CLAIM, values })).rows;
}

const MINE = {
  name: 'claims.mine',
  text: 'select session_id as "sessionId" from session_heads where owner = $1 and runnable_at is not null',
};

/** Sessions of this node that have work: they may have missed a hint. */
export async function findMine(pool: Pool, nodeId: string): Promise<string[]> {
  const result = await pool.query<{ sessionId: string }>({ ...MINE, values: [nodeId] });
  return result.rows.map(({ sessionId }) => sessionId);
}

const WAITING = {
  name: 'claims.waiting',
  text: `select count(*)::int as waiting
           from (select 1 from session_heads where runnable_at is not null and owner is null limit $1) w`,
};

/** How many sessions wait for an owner; counts no further than `max`. */
export async function countWaiting(pool: Pool, max: number): Promise<number> {
  return (await pool.query<{ waiting: number }>({ ...WAITING, values: [max] })).rows[0]?.waiting ?? 0;
}
