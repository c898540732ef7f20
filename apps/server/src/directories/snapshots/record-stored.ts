import { newId } from '@aaas/contract/ids';
import type { Pool, PoolClient } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import type {
  DirectoryArchive,
  DirectorySnapshot,
  TakenSnapshot,
} from '../../sessions/lifecycle/directory-snapshot.ts';
import { addNotice } from '../../sessions/log/add-notice.ts';
import { QUIET, type Unsaved } from './find-unsaved.ts';

/** Which row a snapshot is of, as whoever took it knew it. */
export type Subject = Pick<Unsaved, 'sessionId' | 'workspaceId' | 'copy' | 'seq' | 'generation' | 'snapshot'> & {
  nodeId: string;
};

/** Of a session so many archives are kept. */
const KEPT = 2;

// What a turn has done since is not in it.
const STORED = `
  update sessions s
     set directory_snapshot = $4::jsonb,
         directory_unsaved = $5 or not ${QUIET}
           or exists (select 1 from turns t where t.session_id = s.id and coalesce(t.last_seq, t.first_seq) > $6)
    from session_heads h
   where s.id = $2 and h.session_id = $2 and s.directory_node = $1 and s.directory_copy = $3 and s.intent <> 'archived'`;

/** Notes that an archive is about to be written, so that it is found whatever happens. */
export async function announceArchive(pool: Pool, subject: Subject, location: string, key: string): Promise<void> {
  await pool.query('insert into directory_archives (key, location, workspace_id, session_id) values ($1, $2, $3, $4)', [
    key,
    location,
    subject.workspaceId,
    subject.sessionId,
  ]);
}

/**
 * Says in the row what is stored now of a directory. `stillUnsaved`: it has changed since.
 * @returns false when this copy is no longer the one that counts: nothing was written
 */
export async function recordStored(
  pool: Pool,
  subject: Subject,
  name: TakenSnapshot,
  archive: DirectoryArchive | null,
  stillUnsaved: boolean,
): Promise<boolean> {
  return await transaction(pool, async (db) => {
    await lockHead(db, subject.sessionId);
    const { empty: _, ...snapshot } = name;
    const later = await nameSince(db, subject.sessionId, name);
    // Its process ended meanwhile, and that is how it left the directory.
    const final = archive && later?.digest === archive.digest ? { ...archive, clean: true } : archive;
    const unsaved = stillUnsaved || (later !== null && later.digest !== name.digest);
    const row = JSON.stringify({ ...snapshot, seq: subject.seq, archive: final });
    const values = [subject.nodeId, subject.sessionId, subject.copy, row, unsaved, subject.seq];
    if ((await db.query(STORED, values)).rowCount === 0) return false;
    if (archive) {
      await db.query(`update directory_archives set state = 'kept' where key = $1`, [archive.key]);
      await db.query(
        `update directory_archives set state = 'doomed'
          where key in (select key from directory_archives where session_id = $1 and state = 'kept'
                         order by key = $2 desc, created_at desc offset $3)`,
        [subject.sessionId, archive.key, KEPT],
      );
    }
    return true;
  });
}

/** Says in the row, and the first time in the log, why a directory is not stored. */
export async function recordUnstorable(
  pool: Pool,
  subject: Subject,
  name: TakenSnapshot,
  why: { sentence: string; reason: string; limit: number },
): Promise<void> {
  const { sessionId, workspaceId, nodeId, copy, seq, snapshot: known } = subject;
  const { empty: _, ...snapshot } = name;
  await transaction(pool, async (db) => {
    await lockHead(db, sessionId);
    const row = JSON.stringify({ ...snapshot, seq, archive: known?.archive ?? null, unstorable: why.sentence });
    const written = await db.query(
      `update sessions set directory_snapshot = $4
        where id = $2 and directory_node = $1 and directory_copy = $3 and intent <> 'archived'`,
      [nodeId, sessionId, copy, row],
    );
    if (written.rowCount === 0 || known?.unstorable) return;
    const body = { reason: why.reason, files: name.files, bytes: name.bytes, limit: why.limit };
    const type = 'x.workspace_not_stored';
    await addNotice(db, { sessionId, workspaceId, turnId: null, id: newId('sevt'), type, body }, new Date());
  });
}

/** What was named after `name` was: nobody does so but the owner, at the end of a process. */
async function nameSince(db: PoolClient, sessionId: string, name: TakenSnapshot): Promise<DirectorySnapshot | null> {
  const { rows } = await db.query<{ snapshot: DirectorySnapshot | null }>(
    'select directory_snapshot as snapshot from sessions where id = $1 for update',
    [sessionId],
  );
  const known = rows[0]?.snapshot ?? null;
  return known && known.taken_at > name.taken_at ? known : null;
}

// Whoever begins a turn takes it first: what is read after this knows of the turn.
async function lockHead(db: PoolClient, sessionId: string): Promise<void> {
  await db.query('select 1 from session_heads where session_id = $1 for update', [sessionId]);
}
