import { newId } from '@aaas/contract/ids';
import type { Pool } from 'pg';

/** The environment of sessions that name none: sandboxes of this platform, network as the node has it. */
const CONFIG = {
  type: 'cloud',
  networking: { type: 'unrestricted' },
  packages: { type: 'packages', apt: [], cargo: [], gem: [], go: [], npm: [], pip: [] },
};

/** @returns the id of the workspace's environment called `default`, made when it is missing. */
export async function ensureDefaultEnvironment(pool: Pool, workspaceId: string): Promise<string> {
  const result = await pool.query<{ id: string }>(
    `with made as (
       insert into environments (id, workspace_id, name, config) values ($1, $2, 'default', $3)
       on conflict (workspace_id, name) where archived_at is null do nothing
       returning id)
     select id from made
     union all
     select id from environments where workspace_id = $2 and name = 'default' and archived_at is null
     limit 1`,
    [newId('env'), workspaceId, CONFIG],
  );
  const id = result.rows[0]?.id;
  // Somebody else made it while we tried: it is there now.
  return id ?? ensureDefaultEnvironment(pool, workspaceId);
}
