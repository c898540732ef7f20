import { ApiError } from '@aaas/contract/errors';
import type { Pool } from 'pg';
import type { User } from '../processes/passage.ts';
import type { Directory } from './confined/directory.ts';
import { openStaging, type Staging } from './confined/staging.ts';
import { openSessions, prepareDirectory } from './session-directory.ts';

/** Where a node keeps the directories of its sessions. */
export interface DirectorySite {
  dataDir: string;
  nodeId: string;
  /** First uid of the agents; null when they share the server's user. */
  uidBase: number | null;
}

/** A session's directory on this node. `owner`: whom its files belong to; null: the server's own user. */
export interface SessionPlace {
  site: DirectorySite;
  workspaceId: string;
  sessionId: string;
  owner: User | null;
}

const ELSEWHERE_RETRY_SECONDS = 5;

/**
 * Finds the directory of a session. The caller has checked that the session is its tenant's.
 * @throws directory_elsewhere when another node has it; not_found when the session is gone
 */
export async function locateDirectory(
  pool: Pool,
  site: DirectorySite,
  session: { workspaceId: string; sessionId: string },
): Promise<SessionPlace> {
  const result = await pool.query<{ number: number; nodeId: string | null }>({
    name: 'directories.locate',
    text: `select number, node_id as "nodeId" from sessions where workspace_id = $1 and id = $2 and intent <> 'archived'`,
    values: [session.workspaceId, session.sessionId],
  });
  const row = result.rows[0];
  if (!row) throw new ApiError('not_found', 'The agent was deleted meanwhile.');
  if (row.nodeId !== null && row.nodeId !== site.nodeId) {
    throw new ApiError(
      'directory_elsewhere',
      `The working directory lies on the node ${row.nodeId}, and this is ${site.nodeId}. Ask that node.`,
      { retryAfterSeconds: ELSEWHERE_RETRY_SECONDS },
    );
  }
  return { site, ...session, owner: ownerOf(site, row.number) };
}

/** The user that the processes of a session run as on this node. */
export function ownerOf(site: Pick<DirectorySite, 'uidBase'>, sessionNumber: number): User | null {
  if (site.uidBase === null) return null;
  const id = site.uidBase + sessionNumber;
  return { uid: id, gid: id };
}

/** Opens the working directory. Null: the session has none yet. */
export async function openWork(place: SessionPlace): Promise<Directory | null> {
  await using sessions = await openSessions(place.site.dataDir);
  await using root = await sessions.openDirectory(place.sessionId);
  return (await root?.openDirectory('work')) ?? null;
}

/** Opens the working directory to change it, made when it is missing. */
export async function prepareWork(pool: Pool, place: SessionPlace): Promise<Directory> {
  const known = await openWork(place);
  if (known) return known;
  await prepareDirectory(place.site.dataDir, place.sessionId, place.owner);
  // From here on the session has a place, and other nodes know where.
  const placed = await pool.query(
    `update sessions set node_id = coalesce(node_id, $3) where workspace_id = $1 and id = $2 and intent <> 'archived'`,
    [place.workspaceId, place.sessionId, place.site.nodeId],
  );
  const work = placed.rowCount === 0 ? null : await openWork(place);
  if (!work) throw new ApiError('not_found', 'The agent was deleted meanwhile.');
  return work;
}

/** Opens the staging area of this node. */
export async function openStagingOf(site: DirectorySite): Promise<Staging> {
  await using sessions = await openSessions(site.dataDir);
  return await openStaging(sessions);
}
