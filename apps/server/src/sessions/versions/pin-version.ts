import type { PoolClient } from 'pg';

// What it asks of a node is that of the new version at once: whoever waits in vain for a node is helped by it.
/**
 * Says which version of its agent a session is to work with. Its owner adopts it when no turn is open, and begins no
 * other turn before. In a transaction of the caller's, who wakes the owner afterwards.
 */
export async function pinVersion(db: PoolClient, sessionId: string, version: number, now: Date): Promise<void> {
  await db.query(
    `with asked as (
       select s.intent, lane_of(v.definition -> 'placement', s.placement, s.home_region) as lane
         from sessions s join agent_versions v on v.agent_id = s.agent_id and v.version = $2 where s.id = $1
     ), head as (
       update session_heads h
          set requested = requested + 1, runnable_at = coalesce(runnable_at, $3), owner = nullif(owner, '-'),
              lane = case when asked.intent = 'active' then asked.lane else '' end
         from asked where h.session_id = $1 returning h.session_id, asked.lane
     )
     update sessions s
        set next_version = case when s.agent_version = $2 then null else $2::integer end, updated_at = $3, lane = head.lane
       from head where s.id = head.session_id`,
    [sessionId, version, now],
  );
}
