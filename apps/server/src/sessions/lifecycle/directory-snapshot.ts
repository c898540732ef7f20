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
}

/** Looks at a working directory whose processes are gone. `known`: the one before. Null: there is no directory. */
export type TakeSnapshot = (
  session: Pick<SessionRow, 'id' | 'number'>,
  known: string | null,
) => Promise<Omit<DirectorySnapshot, 'seq'> | null>;

const RECORD = {
  name: 'session.record-snapshot',
  text: `update sessions s set directory_snapshot = $3::jsonb || jsonb_build_object('seq', h.last_seq)
           from session_heads h where s.id = $1 and h.session_id = $1 and h.generation = $2`,
};

/** @throws Fenced when the generation has ended. */
export async function recordSnapshot(
  ctx: SessionContext,
  owned: OwnedSession,
  snapshot: Omit<DirectorySnapshot, 'seq'>,
): Promise<void> {
  const result = await ctx.pool.query({
    ...RECORD,
    values: [owned.sessionId, owned.generation, JSON.stringify(snapshot)],
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
