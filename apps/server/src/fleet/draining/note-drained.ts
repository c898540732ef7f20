import type { Pool } from 'pg';

const NOTE = {
  name: 'draining.drained',
  text: `update nodes set drained_at = now()
          where id = $1 and draining_since is not null and drained_at is null
            and not exists (select 1 from session_heads h where h.owner = nodes.id)`,
};

/** Says that this node takes no work and owns nothing. Only the node itself knows the first. */
export async function noteDrained(pool: Pool, nodeId: string): Promise<void> {
  await pool.query({ ...NOTE, values: [nodeId] });
}
