import type { Pool } from 'pg';
import { noteChange } from '../changes.ts';
import { lockDirectory } from '../directory-lock.ts';
import { elsewhere, type SessionPlace } from '../directory-site.ts';
import { holdSession } from '../hold-session.ts';

// The row first: whoever takes the directory over from then on knows that there is more than was stored. Where it lies is
// said once there is one (`prepareWork`): a first change may fail and leave none.
const MARK = {
  name: 'directories.mark-changed',
  text: `update sessions
            set directory_unsaved = true,
                directory_snapshot = directory_snapshot - 'empty'
          where workspace_id = $1 and id = $2 and intent <> 'archived' and ($4 or coalesce(directory_node, $3) = $3)
         returning id`,
};

/**
 * Changes files of a session's directory, one change at a time.
 * @throws directory_elsewhere when another node has taken the directory over meanwhile
 */
export async function changeFiles<T>(pool: Pool, place: SessionPlace, change: () => Promise<T>): Promise<T> {
  const { site, workspaceId, sessionId } = place;
  return await lockDirectory(sessionId, async () => {
    const marked = await pool.query({
      ...MARK,
      values: [workspaceId, sessionId, site.nodeId, site.mode === 'shared'],
    });
    if (marked.rowCount === 0) throw elsewhere('The working directory moves to another node.');
    if (site.mode === 'local') await holdSession(pool, sessionId);
    noteChange(sessionId);
    try {
      return await change();
    } finally {
      noteChange(sessionId);
    }
  });
}
