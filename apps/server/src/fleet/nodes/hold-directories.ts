import type { Pool } from 'pg';

/**
 * Says anew of the sessions whose directory lies on a node whether it alone has their files: it has got a store for
 * directories, or has one no longer. Those that are owned are said of when they are released.
 */
export async function holdDirectories(pool: Pool, nodeId: string): Promise<void> {
  await pool.query(
    `update session_heads h set held_by = directory_holder(h.session_id)
       from sessions s
      where s.directory_node = $1 and s.intent = 'active' and h.session_id = s.id and nullif(h.owner, '-') is null
        and h.held_by <> directory_holder(h.session_id)`,
    [nodeId],
  );
}
