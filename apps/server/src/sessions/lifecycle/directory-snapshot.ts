import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import type { SessionRow } from './load-session.ts';

/** What the working directory held at the end of a process. Its list of files lies beside the directory, under its id. */
export interface DirectorySnapshot {
  /** The same as before when nothing has changed. */
  id: string;
  /** RFC 3339. */
  taken_at: string;
  files: number;
  bytes: number;
  /** false: there is more than was looked at. */
  complete: boolean;
  /** Of the list: SHA-256 in hex. */
  digest: string;
  /** Of the log that it reflects. */
  seq: number;
  /** The last one that was stored, of this or an earlier time. */
  archive?: DirectoryArchive | null;
  /** Why what is there cannot be stored; it has been said. */
  unstorable?: string | null;
  /** Nothing at all was in it when its process had ended, nor has anybody written since. */
  empty?: boolean;
}

/** A snapshot in the store of directories. */
export interface DirectoryArchive {
  snapshot_id: string;
  /** The store, as in DIRECTORY_STORE, and where in it. */
  location: string;
  key: string;
  /** Of the archive, in hex. */
  sha256: string;
  archive_bytes: number;
  /** What it unpacks to, headers included. */
  unpacked_bytes: number;
  /** Of the list of what it holds. */
  digest: string;
  taken_at: string;
  seq: number;
  /** The one under which it was taken. */
  generation: number;
  files: number;
  bytes: number;
  /** Entries that no archive can hold. */
  skipped: number;
  /** No process of the session could write since the list was made. */
  clean: boolean;
  /** Where the directory lay. */
  node: string;
  path: string;
}

/** A move to another node, for the model. */
export interface DirectoryNote {
  /** RFC 3339; no two of a session are the same. */
  at: string;
  /** When the snapshot was taken that the directory now holds; null: it was made anew. */
  snapshot_at: string | null;
  /** Changes may be missing. */
  lost: boolean;
  /** Of the directory before. */
  old_path: string | null;
}

/** What was found in a directory whose processes are gone. `empty`: nothing at all. */
export type TakenSnapshot = Omit<DirectorySnapshot, 'seq' | 'archive' | 'unstorable' | 'empty'> & { empty: boolean };

/** Looks at a working directory whose processes are gone. `known`: the one before. Null: there is no directory. */
export type TakeSnapshot = (
  session: Pick<SessionRow, 'id' | 'number'>,
  known: string | null,
) => Promise<TakenSnapshot | null>;

// What is stored already of it is clean from now on: nobody writes there any more.
const RECORD = {
  name: 'session.record-snapshot',
  text: `update sessions s
            set directory_snapshot = $3::jsonb || jsonb_build_object('seq', h.last_seq, 'empty', $5::boolean, 'unstorable', s.directory_snapshot->'unstorable',
                  'archive', case when s.directory_snapshot->'archive'->>'digest' = $4
                    then s.directory_snapshot->'archive' || jsonb_build_object('clean', true, 'seq', h.last_seq)
                    else s.directory_snapshot->'archive' end),
                directory_unsaved = s.directory_unsaved
                  or (not $5 and s.directory_snapshot->'archive'->>'digest' is distinct from $4)
           from session_heads h where s.id = $1 and h.session_id = $1 and h.generation = $2`,
};

/** @throws Fenced when the generation has ended. */
export async function recordSnapshot(
  ctx: SessionContext,
  owned: OwnedSession,
  { empty, ...snapshot }: TakenSnapshot,
): Promise<void> {
  const result = await ctx.pool.query({
    ...RECORD,
    values: [owned.sessionId, owned.generation, JSON.stringify(snapshot), snapshot.digest, empty],
  });
  if (result.rowCount === 0) throw new Fenced(owned);
}

/** The snapshot that is recorded of a session. */
export async function findSnapshot(ctx: SessionContext, sessionId: string): Promise<DirectorySnapshot | null> {
  const result = await ctx.pool.query<{ snapshot: DirectorySnapshot | null }>(
    'select directory_snapshot as snapshot from sessions where id = $1',
    [sessionId],
  );
  return result.rows[0]?.snapshot ?? null;
}
