import type { Pool } from 'pg';
import { Fenced, type OwnedSession } from '../../sessions/session-context.ts';
import type { Directory } from '../confined/directory.ts';
import type { DirectorySite } from '../directory-site.ts';
import { openSessions } from '../session-directory.ts';
import { findLocalCopy } from './local-copy.ts';
import { ensureMarker } from './marker.ts';

const SETTLE = `
  update sessions s set directory_node = $3, directory_copy = $4
    from session_heads h
   where s.id = $1 and h.session_id = $1 and ($2::bigint is null or h.generation = $2)
     and (s.directory_copy is null or s.directory_copy = $4) and ($5 or coalesce(s.directory_node, $3) = $3)`;

/**
 * Gives the directory that lies here a name, and says in the row that it is the one that counts; for one that has none.
 * @param owned null: by whoever has the directory, without owning the session
 * @throws when another node has made one meanwhile, or the generation has ended
 */
export async function settleCopy(
  pool: Pool,
  { dataDir, nodeId, mode }: Pick<DirectorySite, 'dataDir' | 'nodeId' | 'mode'>,
  sessionId: string,
  owned: OwnedSession | null,
): Promise<string> {
  await using sessions = await openSessions(dataDir);
  await using root = (await sessions.openDirectory(sessionId)) as Directory;
  const { copy } = await ensureMarker(root, nodeId);
  const values = [sessionId, owned?.generation ?? null, nodeId, copy, mode === 'shared'];
  if ((await pool.query({ name: 'directories.settle', text: SETTLE, values })).rowCount === 1) return copy;
  const held = await pool.query('select generation from session_heads where session_id = $1', [sessionId]);
  if (owned && held.rows[0]?.generation !== owned.generation) throw new Fenced(owned);
  throw new Error('its directory was made on another node meanwhile');
}

/** @throws when what lies here is another copy than the one that counts: no process may be started on it */
export async function requireCopy(
  { dataDir, mode }: Pick<DirectorySite, 'dataDir' | 'mode'>,
  sessionId: string,
  copy: string,
): Promise<void> {
  const local = await findLocalCopy(dataDir, sessionId);
  if (local.copy === copy || (mode === 'shared' && local.copy === null)) return;
  throw new Error('what lies here of its directory is not the copy that counts');
}
