import { ApiError } from '@aaas/contract/errors';
import type { Pool } from 'pg';
import type { User } from '../processes/passage.ts';
import type { Directory } from './confined/directory.ts';
import { openStaging, type Staging } from './confined/staging.ts';
import type { StoreMode } from './copies/decide-restore.ts';
import { ensureMarker } from './copies/marker.ts';
import { holdSession } from './hold-session.ts';
import { openSessions, prepareDirectory } from './session-directory.ts';

/** Where a node keeps the directories of its sessions. */
export interface DirectorySite {
  dataDir: string;
  nodeId: string;
  /** First uid of the agents; null when they share the server's user. */
  uidBase: number | null;
  /** Where they outlive the node. */
  mode: StoreMode;
}

/** A session's directory on this node. `owner`: whom its files belong to; null: the server's own user. */
export interface SessionPlace {
  site: DirectorySite;
  workspaceId: string;
  sessionId: string;
  owner: User | null;
}

const ELSEWHERE_RETRY_SECONDS = 5;

/** The directory is not this node's to open. */
export function elsewhere(why: string): ApiError {
  return new ApiError('directory_elsewhere', why, { retryAfterSeconds: ELSEWHERE_RETRY_SECONDS });
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

// From here on the session has a place, and other nodes know where.
const PLACE = `
  update sessions
     set node_id = coalesce(node_id, $3), directory_node = $3, directory_copy = $4
   where workspace_id = $1 and id = $2 and intent <> 'archived'
     and (directory_copy is null or directory_copy = $4) and ($5 or coalesce(directory_node, $3) = $3)`;

/** Opens the working directory to change it, made when it is missing. */
export async function prepareWork(pool: Pool, place: SessionPlace): Promise<Directory> {
  const known = await openWork(place);
  if (known) return known;
  const { site, workspaceId, sessionId, owner } = place;
  await prepareDirectory(site.dataDir, sessionId, owner);
  await using sessions = await openSessions(site.dataDir);
  await using root = (await sessions.openDirectory(sessionId)) as Directory;
  const { copy } = await ensureMarker(root, site.nodeId);
  const placed = await pool.query(PLACE, [workspaceId, sessionId, site.nodeId, copy, site.mode === 'shared']);
  const work = placed.rowCount === 0 ? null : await openWork(place);
  if (!work) throw elsewhere('The working directory was made on another node meanwhile.');
  if (site.mode === 'local') await holdSession(pool, sessionId);
  return work;
}

/** Opens the staging area of this node. */
export async function openStagingOf(site: Pick<DirectorySite, 'dataDir'>): Promise<Staging> {
  await using sessions = await openSessions(site.dataDir);
  return await openStaging(sessions);
}
