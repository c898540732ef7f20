import type { Pool } from 'pg';

// The new generation shuts out whoever still writes under the old one.
const RELEASE = `
  update session_heads h set owner = null, generation = h.generation + 1, runnable_at = now()
   where h.owner = any ($1::text[])`;

/** Takes the sessions away from earlier lives of this node. */
export async function releaseSessionsOf(pool: Pool, nodeIds: string[]): Promise<number> {
  if (nodeIds.length === 0) return 0;
  return (await pool.query(RELEASE, [nodeIds])).rowCount ?? 0;
}

// The row of the node comes first: a heartbeat that is on its way either keeps the lease or finds its life over.
const TAKE = `
  with lost as (
    update nodes n set lost_at = now()
     where n.id <> $1 and n.heartbeat_at < now() - make_interval(secs => $2::double precision / 1000)
       and exists (select 1 from session_heads h where h.owner = n.id)
    returning n.id
  ), released as (
    update session_heads h set owner = null, generation = h.generation + 1, runnable_at = now()
      from lost where h.owner = lost.id
    returning h.session_id
  )
  select coalesce((select array_agg(id) from lost), '{}') as nodes, (select count(*)::int from released) as released`;

/**
 * Takes the sessions of other nodes that have sent no heartbeat for `leaseTtlMs`, by the clock of the database, and
 * ends those nodes' lives: one that comes back begins another.
 */
export async function takeFromLostNodes(
  pool: Pool,
  nodeId: string,
  leaseTtlMs: number,
): Promise<{ nodes: string[]; released: number }> {
  const result = await pool.query<{ nodes: string[]; released: number }>(TAKE, [nodeId, leaseTtlMs]);
  return result.rows[0] ?? { nodes: [], released: 0 };
}
