import { newId } from '@aaas/contract/ids';
import type { PoolClient } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import type { DirectoryNote, DirectorySnapshot } from '../../sessions/lifecycle/directory-snapshot.ts';
import { addNotice } from '../../sessions/log/add-notice.ts';
import { appendWithin } from '../../sessions/log/append-within.ts';
import { draftEvent } from '../../sessions/log/draft-event.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../../sessions/session-context.ts';
import type { DirectoryFacts } from './facts.ts';

/** A directory that is to count from now on. */
export interface Move {
  node: string;
  copy: string;
  /** Of what it holds; null: nothing. */
  snapshot: DirectorySnapshot | null;
  /** For the log and the model; null: nothing was in it before either. */
  told: { lost: boolean } | null;
}

/** The model is told of so many moves at most. */
const NOTES_MAX = 3;

/**
 * Makes another copy of a session's directory the one that counts, and says so in the session's log. Without `owned`
 * nobody may own the session.
 * @returns the notes for the model; null: the facts are no longer so, and nothing was written
 * @throws Fenced when the generation has ended.
 */
export async function recordMove(
  ctx: SessionContext,
  facts: DirectoryFacts,
  move: Move,
  owned: OwnedSession | null,
): Promise<DirectoryNote[] | null> {
  const at = ctx.now();
  const moved = await transaction(ctx.pool, async (db) => {
    if (!(await isStillSo(db, facts, owned))) return null;
    const notes = move.told ? [...(facts.notes ?? []), noteOf(facts, move, at)].slice(-NOTES_MAX) : facts.notes;
    await db.query(
      `update sessions
          set directory_node = $2, directory_copy = $3, directory_snapshot = $4, directory_notes = $5,
              node_id = $2, directory_unsaved = turn_status <> 'idle', updated_at = $6
        where id = $1`,
      [facts.sessionId, move.node, move.copy, json(move.snapshot), json(notes), at],
    );
    return { notes: notes ?? [], logged: move.told ? await tell(db, facts, move, owned, at) : [] };
  });
  if (moved) ctx.streams.publishEvents(facts.sessionId, moved.logged);
  return moved?.notes ?? null;
}

async function isStillSo(db: PoolClient, facts: DirectoryFacts, owned: OwnedSession | null): Promise<boolean> {
  const { sessionId, node, copy, unsaved, snapshot } = facts;
  const head = await db.query<{ generation: number; owner: string | null }>(
    `select generation, nullif(owner, '-') as owner from session_heads where session_id = $1 for update`,
    [sessionId],
  );
  const held = head.rows[0];
  if (owned && held?.generation !== owned.generation) throw new Fenced(owned);
  if (!owned && held?.owner !== null) return false;
  const same = await db.query(
    `select 1 from sessions
      where id = $1 and intent <> 'archived' and directory_node is not distinct from $2
        and directory_copy is not distinct from $3 and directory_unsaved = $4
        and directory_snapshot->'archive'->>'key' is not distinct from $5
        for update`,
    [sessionId, node, copy, unsaved, snapshot?.archive?.key ?? null],
  );
  return same.rowCount === 1;
}

/** Whoever does not own the session leaves the event to the next owner. */
async function tell(db: PoolClient, facts: DirectoryFacts, move: Move, owned: OwnedSession | null, at: Date) {
  const { sessionId, workspaceId, node } = facts;
  const held = move.snapshot;
  const snapshot = held && {
    id: held.id,
    seq: held.seq,
    taken_at: held.taken_at,
    files: held.files,
    bytes: held.bytes,
  };
  const type = 'x.workspace_restored';
  const body = { snapshot, lost: move.told?.lost ?? false, from_node: node, node: move.node };
  if (owned) return await appendWithin(db, sessionId, [draftEvent(type, body)], at);
  await addNotice(db, { sessionId, workspaceId, turnId: null, id: newId('sevt'), type, body }, at);
  return [];
}

function noteOf({ snapshot }: DirectoryFacts, move: Move, at: Date): DirectoryNote {
  return {
    at: at.toISOString(),
    snapshot_at: move.snapshot?.taken_at ?? null,
    lost: move.told?.lost ?? false,
    old_path: snapshot?.archive?.path ?? null,
  };
}

function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
