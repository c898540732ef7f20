import type { NodeLabels } from '@aaas/contract/placement';
import type { Pool } from 'pg';
import type { OwnedSession } from '../../sessions/session-context.ts';

/** A session that was taken, and whose it is. */
export interface ClaimedSession extends OwnedSession {
  workspaceId: string;
}

/** What of a node decides which sessions it may have. */
export interface Offer {
  labels: NodeLabels;
  region: string | null;
  /** Lanes of other regions that have had no room for long enough. */
  away: string[];
  /** Milliseconds without a heartbeat after which a node counts as gone; until then what it alone has is left to it. */
  goneAfterMs: number;
}

const NOTHING: Offer = { labels: {}, region: null, away: [], goneAfterMs: 0 };

/** Of several nodes each leaves the others alone for so long; `mine` are the sessions that this one need not leave. */
export interface Share {
  graceMs: number;
  mine: string[];
}

// Those that wait stand in lines, one for each workspace, lane and node that alone has their files: first those in the
// midst of a turn, whose node is gone. The first of each line rank by how many places their workspace has at work here
// already: whoever has most waits longest, however many it sends. Only the heads of lines are read, through
// session_heads_line: what a claim costs follows from lines and free places, not from how many wait.
// What a node alone has the files of it may have wherever it is, and nobody else while it lives.
const isFor = (line: string, of: { node: string; labels: string; region: string; away: string; leaseMs: string }) => `
  case when ${line}.held_by = ${of.node} then lane_fits(${line}.lane, ${of.labels}::jsonb, ${of.region}, array[${line}.lane])
       else lane_fits(${line}.lane, ${of.labels}::jsonb, ${of.region}, ${of.away}::text[])
            and (${line}.held_by = '' or not still_holds(${line}.held_by, ${line}.lane, ${of.leaseMs}::double precision)) end`;

const claimText = (shared: string) => `
    with recursive lines as (
      (select workspace_id, lane, held_by from session_heads where runnable_at is not null and owner is null
        order by workspace_id, lane, held_by limit 1)
      union all
      select next.workspace_id, next.lane, next.held_by
        from lines l cross join lateral (
          select h.workspace_id, h.lane, h.held_by from session_heads h
           where h.runnable_at is not null and h.owner is null
             and (h.workspace_id, h.lane, h.held_by) > (l.workspace_id, l.lane, l.held_by)
           order by h.workspace_id, h.lane, h.held_by limit 1) next
    ), held as (
      select * from unnest($3::text[], $4::integer[]) as held (workspace_id, places)
    ), line as (
      select first.session_id, first.mid_turn, first.runnable_at,
             coalesce(held.places, 0) + row_number() over (
               partition by l.workspace_id order by first.mid_turn desc, first.runnable_at, first.session_id) as rank
        from lines l
        left join held on held.workspace_id = l.workspace_id
       cross join lateral (
         select h.session_id, h.mid_turn, h.runnable_at from session_heads h
          where h.workspace_id = l.workspace_id and h.lane = l.lane and h.held_by = l.held_by
            and h.runnable_at is not null and h.owner is null
                ${shared}
          -- some more than are wanted: other nodes look at the same ones
          order by h.mid_turn desc, h.runnable_at limit $2 + 16) first
       where ${isFor('l', { node: '$1', labels: '$5', region: '$6', away: '$7', leaseMs: '$8' })}
    ), next as materialized (
      -- as an array: each is then looked up by its key, whatever the planner believes of their number
      select array(select session_id from line order by rank, mid_turn desc, runnable_at limit $2 + 16) as ids
    ), claimed as (
      update session_heads h set owner = $1, last_node = $1, generation = h.generation + 1
       where h.session_id = any (array(
         select l.session_id from session_heads l
          where l.session_id = any ((select ids from next)::text[]) and l.runnable_at is not null and l.owner is null
          order by array_position((select ids from next), l.session_id) limit $2
          for update skip locked))
      returning h.session_id, h.generation, h.workspace_id
    ), placed as (
      update sessions s set node_id = $1 from claimed where s.id = claimed.session_id
    )
    select session_id as "sessionId", generation, workspace_id as "workspaceId" from claimed`;

const CLAIM = { name: 'claims.claim', text: claimText('') };
// A clock that is ahead puts runnable_at into the future: nobody is left alone for that for long.
const CLAIM_SHARE = {
  name: 'claims.claim-share',
  text: claimText(`and (h.runnable_at not between now() - $9 * interval '1 ms' and now() + $9 * interval '1 ms'
                     or h.session_id = any ($10::text[]))`),
};

/** Sessions that one claim takes at most: the statement compares each with each. */
export const CLAIMED_MAX = 500;

/**
 * Takes up to `slots` sessions that have work, no owner and ask nothing that the node has not; the workspaces take turns,
 * and in each those in the midst of a turn come first, then the oldest. Each session gets a new generation. `busy`:
 * places on this node that work for a workspace now. `share` null: no other node is there.
 */
export async function claimSessions(
  pool: Pool,
  nodeId: string,
  slots: number,
  busy: ReadonlyMap<string, number> = new Map(),
  { labels, region, away, goneAfterMs }: Offer = NOTHING,
  share: Share | null = null,
): Promise<ClaimedSession[]> {
  const places = [Math.min(slots, CLAIMED_MAX), [...busy.keys()], [...busy.values()]];
  const values = [nodeId, ...places, labels, region, away, goneAfterMs];
  const claim = share ? { ...CLAIM_SHARE, values: [...values, share.graceMs, share.mine] } : { ...CLAIM, values };
  return (await pool.query<ClaimedSession>(claim)).rows;
}

const MINE = {
  name: 'claims.mine',
  text: `select session_id as "sessionId", runnable_at is not null as runnable,
                not lane_fits(lane, $2::jsonb, $3, array[lane]) as misplaced
           from session_heads
          where owner = $1 and (runnable_at is not null or not lane_fits(lane, $2::jsonb, $3, array[lane]))`,
};

/** Sessions of this node that have work, and may have missed a hint; and those that it may not run any more. */
export async function findMine(
  pool: Pool,
  nodeId: string,
  { labels, region }: Offer,
): Promise<{ sessionId: string; runnable: boolean; misplaced: boolean }[]> {
  const result = await pool.query<{ sessionId: string; runnable: boolean; misplaced: boolean }>({
    ...MINE,
    values: [nodeId, labels, region],
  });
  return result.rows;
}

const WAITING = {
  name: 'claims.waiting',
  text: `with w as materialized (
           select lane, held_by, count(*) as count
             from (select lane, held_by from session_heads where runnable_at is not null and owner is null limit $1) first
            group by lane, held_by)
         select coalesce(sum(count), 0)::int as waiting,
                coalesce(sum(count) filter (
                  where not (${isFor('w', { node: '$2', labels: '$3', region: '$4', away: '$5', leaseMs: '$6' })})), 0)::int as others
           from w`,
};

/**
 * How many sessions wait for an owner, and how many of them for another node than this; counts no further than `max`.
 * `nodeId` null: this one claims nothing.
 */
export async function countWaiting(
  pool: Pool,
  max: number,
  nodeId: string | null = null,
  { labels, region, away, goneAfterMs }: Offer = NOTHING,
): Promise<{ waiting: number; others: number }> {
  const values = [max, nodeId ?? '-', labels, region, away, goneAfterMs];
  const result = await pool.query<{ waiting: number; others: number }>({ ...WAITING, values });
  return result.rows[0] ?? { waiting: 0, others: 0 };
}
