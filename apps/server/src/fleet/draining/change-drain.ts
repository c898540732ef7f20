import type { Pool } from 'pg';

// A node that is asked again goes on draining since it was first.
const CHANGE = `
  update nodes set draining_since = case when $2 then coalesce(draining_since, now()) end,
                   drained_at = case when $2 then drained_at end
   where id = $1 and stopped_at is null
  returning id`;

/** Says in the row of a node that it is to take no more work, or that it may again. It looks there once a second. */
export async function changeDrain(
  pool: Pool,
  nodeId: string,
  drain: boolean,
): Promise<'changed' | 'no_node' | 'no_worker'> {
  const known = await pool.query<{ works: boolean }>(
    `select 'worker' = any (roles) as works from nodes where id = $1 and stopped_at is null`,
    [nodeId],
  );
  if (!known.rows[0]) return 'no_node';
  if (!known.rows[0].works) return 'no_worker';
  const changed = await pool.query(CHANGE, [nodeId, drain]);
  return changed.rowCount === 1 ? 'changed' : 'no_node';
}
