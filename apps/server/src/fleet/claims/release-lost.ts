import type { Pool } from 'pg';

// The new generation shuts out whoever still writes under the old one.
const RELEASE = `
  update session_heads h set owner = null, generation = h.generation + 1, runnable_at = now()
   where h.owner = any ($1::text[])`;

/** Takes the sessions away from a node that is gone: its own last life, or another node. */
export async function releaseSessionsOf(pool: Pool, nodeIds: string[]): Promise<number> {
  if (nodeIds.length === 0) return 0;
  return (await pool.query(RELEASE, [nodeIds])).rowCount ?? 0;
}

/** Nodes that own sessions and have sent no heartbeat for `leaseTtlMs`, by the clock of the database. */
export async function findLostNodes(pool: Pool, leaseTtlMs: number): Promise<string[]> {
  const result = await pool.query<{ id: string }>(
    `select id from nodes n
      where n.heartbeat_at < now() - make_interval(secs => $1::double precision / 1000)
        and exists (select 1 from session_heads h where h.owner = n.id)`,
    [leaseTtlMs],
  );
  return result.rows.map((row) => row.id);
}
