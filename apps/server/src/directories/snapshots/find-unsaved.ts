import type { Pool } from 'pg';
import type { DirectorySnapshot } from '../../sessions/lifecycle/directory-snapshot.ts';

/** A session whose directory lies on this node and may hold more than was stored. */
export interface Unsaved {
  sessionId: string;
  workspaceId: string;
  number: number;
  copy: string | null;
  snapshot: DirectorySnapshot | null;
  /** No process of it runs on this node. */
  atRest: boolean;
  generation: number;
  /** End of its log. */
  seq: number;
}

/** No turn works in the directory on node $1; `s` is the session, `h` its head. */
export const QUIET = `(h.owner is distinct from $1 or s.turn_status = 'idle' or s.sandbox_phase in ('none', 'failed'))`;

const FIND = {
  name: 'directories.find-unsaved',
  text: `
    select s.id as "sessionId", s.workspace_id as "workspaceId", s.number, s.directory_copy as copy,
           s.directory_snapshot as snapshot, h.generation, h.last_seq as seq,
           h.owner is distinct from $1 or s.sandbox_phase in ('none', 'failed') as "atRest"
      from sessions s join session_heads h on h.session_id = s.id
     where s.directory_unsaved and s.directory_node = $1 and s.intent <> 'archived' and not s.ephemeral
       and s.id <> all ($2::text[]) and ${QUIET}
       and (h.owner is distinct from $1 or s.sandbox_phase in ('none', 'failed')
            or coalesce((s.directory_snapshot->'archive'->>'taken_at')::timestamptz, '-infinity')
               < now() - make_interval(secs => $3))
     order by "atRest" desc limit $4`,
};

/** @param intervalSeconds between two snapshots of a session that is awake */
export async function findUnsaved(
  pool: Pool,
  nodeId: string,
  options: { except: string[]; intervalSeconds: number; limit: number },
): Promise<Unsaved[]> {
  const { except, intervalSeconds, limit } = options;
  return (await pool.query<Unsaved>({ ...FIND, values: [nodeId, except, intervalSeconds, limit] })).rows;
}
