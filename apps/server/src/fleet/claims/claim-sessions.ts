import type { Pool } from 'pg';
import type { OwnedSession } from '../../sessions/session-context.ts';

const CLAIM = {
  name: 'claims.claim',
  text: `
    with claimed as (
      update session_heads h set owner = $1, generation = h.generation + 1
       where h.session_id in (
         select session_id from session_heads
          where runnable_at is not null and owner is null
          order by runnable_at limit $2
          for update skip locked)
      returning h.session_id, h.generation
    ), placed as (
      update sessions s set node_id = $1 from claimed where s.id = claimed.session_id
    )
    select session_id as "sessionId", generation from claimed`,
};

/** Takes up to `slots` sessions that have work and no owner; oldest first. Each gets a new generation. */
export async function claimSessions(pool: Pool, nodeId: string, slots: number): Promise<OwnedSession[]> {
  const result = await pool.query<OwnedSession>({ ...CLAIM, values: [nodeId, slots] });
  return result.rows;
}

const RUNNABLE = {
  name: 'claims.runnable',
  text: `select count(*) filter (where owner is null)::int as waiting,
                coalesce(array_agg(session_id) filter (where owner = $1), '{}') as mine
           from session_heads where runnable_at is not null and (owner is null or owner = $1)`,
};

/** What has work: sessions of this node that may have missed a hint, and how many wait for an owner. */
export async function findRunnable(pool: Pool, nodeId: string): Promise<{ waiting: number; mine: string[] }> {
  const result = await pool.query<{ waiting: number; mine: string[] }>({ ...RUNNABLE, values: [nodeId] });
  return result.rows[0] ?? { waiting: 0, mine: [] };
}
