import type { Pool } from 'pg';

// Of those that ask the same of a node, in the order of a claim. Workspaces take turns: of the others, those count that
// come before the session's own place in the line of its workspace.
const POSITION = {
  name: 'turns.queue-position',
  text: `
    with recursive me as (
      select h.workspace_id, h.lane, h.mid_turn, h.runnable_at, s.intent = 'active' and h.owner is null and h.runnable_at is not null as in_line,
             (select count(*)::int from inputs i where i.session_id = t.session_id and i.consumed_seq is null
                 and i.type <> 'user.interrupt' and i.position < t.position) as before
        from turns t join session_heads h on h.session_id = t.session_id join sessions s on s.id = t.session_id
       where t.session_id = $1 and t.id = $2 and t.state = 'queued'
    ), own as (
      select count(*)::int as place from session_heads l, me
       where me.in_line and l.workspace_id = me.workspace_id and l.lane = me.lane and l.runnable_at is not null and l.owner is null
         and (not l.mid_turn, l.runnable_at) <= (not me.mid_turn, me.runnable_at)
    ), workspaces as (
      (select workspace_id from session_heads where runnable_at is not null and owner is null
          and exists (select 1 from me where me.in_line)
        order by workspace_id limit 1)
      union all
      select (select h.workspace_id from session_heads h
               where h.runnable_at is not null and h.owner is null and h.workspace_id > w.workspace_id
               order by h.workspace_id limit 1)
        from workspaces w where w.workspace_id is not null
    ), others as (
      select coalesce(sum(ahead.count), 0)::int as ahead
        from workspaces w cross join me cross join own cross join lateral (
          select count(*) from (
            select h.mid_turn, h.runnable_at, row_number() over (order by h.mid_turn desc, h.runnable_at) as rank
              from (select l.mid_turn, l.runnable_at from session_heads l
                     where l.workspace_id = w.workspace_id and l.lane = me.lane and l.runnable_at is not null and l.owner is null
                     order by l.mid_turn desc, l.runnable_at limit (select place from own)) h) first
           where first.rank < own.place or (not first.mid_turn, first.runnable_at) < (not me.mid_turn, me.runnable_at)) ahead
       where w.workspace_id is not null and w.workspace_id <> me.workspace_id
    )
    select me.before + greatest(own.place, 1) + others.ahead as position from me, own, others`,
};

/**
 * Where a turn stands that has not begun, 1 for the next: behind messages of the same agent, and, while that has no
 * place, behind the agents that get one before it. Null: it does not wait. The caller has checked that the session is
 * its tenant's.
 */
export async function findQueuePosition(pool: Pool, sessionId: string, turnId: string): Promise<number | null> {
  const result = await pool.query<{ position: number }>({ ...POSITION, values: [sessionId, turnId] });
  return result.rows[0]?.position ?? null;
}
