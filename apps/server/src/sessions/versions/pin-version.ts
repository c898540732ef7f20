import type { PoolClient } from 'pg';

/**
 * Says which version of its agent a session is to work with. Its owner adopts it when no turn is open, and begins no
 * other turn before. In a transaction of the caller's, who wakes the owner afterwards.
 */
export async function pinVersion(db: PoolClient, sessionId: string, version: number, now: Date): Promise<void> {
  await db.query(
    `with head as (
       update session_heads set requested = requested + 1, runnable_at = coalesce(runnable_at, $3)
        where session_id = $1 returning session_id
     )
     update sessions s set next_version = case when s.agent_version = $2 then null else $2::integer end, updated_at = $3
       from head where s.id = head.session_id`,
    [sessionId, version, now],
  );
}
