import type { Pool, PoolClient } from 'pg';
import type { DirectoryNote, DirectorySnapshot } from '../../sessions/lifecycle/directory-snapshot.ts';

/** What the database knows of a session's directory. */
export interface DirectoryFacts {
  sessionId: string;
  workspaceId: string;
  number: number;
  /** The node that owns the session. */
  owner: string | null;
  node: string | null;
  copy: string | null;
  unsaved: boolean;
  /** At the end of its last process nothing was in it, and nobody has written since. */
  empty: boolean;
  snapshot: DirectorySnapshot | null;
  notes: DirectoryNote[] | null;
  /** `node` is in the fleet and sends its heartbeats. */
  holderLives: boolean;
  /** Since its last heartbeat. */
  holderSilentMs: number;
}

const FACTS = {
  name: 'directories.facts',
  text: `
    select s.id as "sessionId", s.workspace_id as "workspaceId", s.number, nullif(h.owner, '-') as owner, s.directory_node as node,
           s.directory_copy as copy, s.directory_unsaved as unsaved, s.directory_snapshot as snapshot,
           s.directory_notes as notes,
           coalesce((s.directory_snapshot->>'empty')::boolean, false) and not exists (
             select 1 from turns t
              where t.session_id = s.id and coalesce(t.last_seq, t.first_seq) > (s.directory_snapshot->>'seq')::bigint
           ) as empty,
           coalesce(n.stopped_at is null and n.lost_at is null
             and n.heartbeat_at > now() - make_interval(secs => $2::double precision / 1000), false) as "holderLives",
           coalesce(extract(epoch from now() - n.heartbeat_at) * 1000, 'infinity')::double precision as "holderSilentMs"
      from sessions s
      join session_heads h on h.session_id = s.id
      left join nodes n on n.id = s.directory_node
     where s.id = $1 and s.intent <> 'archived'`,
};

/** Null: the session is gone, or about to be. */
export async function findFacts(
  db: Pool | PoolClient,
  sessionId: string,
  goneAfterMs: number,
): Promise<DirectoryFacts | null> {
  return (await db.query<DirectoryFacts>({ ...FACTS, values: [sessionId, goneAfterMs] })).rows[0] ?? null;
}
