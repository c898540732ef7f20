import type { Pool, PoolClient } from 'pg';

/** An event that another part of the platform wants in the log of a session. */
export interface Notice {
  sessionId: string;
  workspaceId: string;
  turnId: string | null;
  /** Of the event: a second notice with it is the first one. */
  id: string;
  type: string;
  body: object;
}

// The head comes first, as in every statement that locks it and the session. Nobody may own the session: then the mark
// has it claimed, and its new owner logs the notice.
const ADD = {
  name: 'log.add-notice',
  text: `
    with head as (
      update session_heads set requested = requested + 1, runnable_at = coalesce(runnable_at, $7)
       where session_id = $1 and not exists (select 1 from notices n where n.session_id = $1 and n.id = $2)
      returning session_id
    )
    insert into notices (session_id, id, workspace_id, turn_id, type, payload, at)
    select session_id, $2, $3, $4, $5, $6, $7 from head
    on conflict do nothing`,
};

/**
 * Leaves an event for the owner of the session, who alone writes its log: it is there within a second, or when the
 * turn ends. Of a session that is gone nothing is left to tell.
 */
export async function addNotice(db: Pool | PoolClient, notice: Notice, at: Date): Promise<void> {
  const { sessionId, id, workspaceId, turnId, type, body } = notice;
  const payload = JSON.stringify({ id, type, ...body });
  await db.query({ ...ADD, values: [sessionId, id, workspaceId, turnId, type, payload, at] });
}
