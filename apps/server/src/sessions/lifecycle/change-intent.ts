import type { LoggedEvent } from '@aaas/contract/events';
import { newId } from '@aaas/contract/ids';
import type { Intent, Status, StatusReason } from '@aaas/contract/lifecycle';
import type { Pool, PoolClient } from 'pg';
import type { SessionContext } from '../session-context.ts';
import type { SessionRow } from './load-session.ts';

const CHANGE = {
  name: 'session.change-intent',
  text: `
    with found as (
      select s.id, s.intent, s.lane from sessions s where s.id = $1 and s.workspace_id = $2 and s.intent <> 'archived'
    ), head as (
      update session_heads h
         set last_seq = last_seq + 1, requested = requested + 1, runnable_at = coalesce(runnable_at, $6),
             -- what is not to run asks nothing of its node
             owner = nullif(h.owner, '-'),
             lane = case when coalesce($3, found.intent) = 'active' then found.lane else '' end,
             held_by = case when coalesce($3, found.intent) = 'active' then directory_holder(h.session_id) else '' end
        from found where h.session_id = found.id
      returning h.last_seq
    ), old as (
      select s.status, s.turn_status,
             -- a delete that came first outranks all
             case when s.intent = 'archived' then 'archived' else coalesce($3, s.intent) end as intent,
             case when $4 in ('start', 'restart') and s.sandbox_phase in ('none', 'failed') then 'starting'
                  else s.sandbox_phase end as sandbox_phase
        from sessions s, head where s.id = $1 for update of s
    ), changed as (
      update sessions s
         set intent = old.intent,
             operation = $4,
             -- start brings a failed session back: it counts from nought again
             sandbox_phase = old.sandbox_phase,
             losses = case when $4 = 'start' then '{}' else s.losses end,
             retry_at = case when $4 = 'start' then null else s.retry_at end,
             status_reason = $5, updated_at = $6,
             archived_at = case when $3::text = 'archived' then $6 else s.archived_at end,
             status_since = case when session_status(old.intent, s.turn_status, old.sandbox_phase)
               is distinct from s.status then $6 else s.status_since end
        from old where s.id = $1
      returning s.status
    ), lifecycle as (
      insert into events (session_id, seq, at, id, type, payload)
      select $1, head.last_seq, $6, $7, 'x.lifecycle',
             json_build_object('id', $7::text, 'type', 'x.lifecycle', 'from', old.status, 'to', changed.status,
                               'reason', $5::text, 'detail', null, 'processed_at', $8::text)::text
        from head, old, changed
      returning payload, seq
    )
    select changed.status, lifecycle.seq, lifecycle.payload from changed, lifecycle`,
};

/** A null intent stays as it is. */
export interface Wish {
  intent: Intent | null;
  operation: SessionRow['operation'];
  reason: StatusReason;
}

/**
 * The API's only write to the lifecycle: what is wanted. The owner of the session, or the next one, carries it out.
 * @returns the status right after, or null when there is no such session in the workspace or it is archived.
 */
export async function changeIntent(
  ctx: SessionContext,
  session: { workspaceId: string; sessionId: string },
  wish: Wish,
): Promise<Status | null> {
  const changed = await writeWish(ctx.pool, session, wish, ctx.now());
  if (!changed) return null;
  ctx.streams.publishEvents(session.sessionId, [changed.event]);
  return changed.status;
}

/** The same in a transaction of the caller's, who publishes the event when it is committed. */
export async function writeWish(
  db: Pool | PoolClient,
  session: { workspaceId: string; sessionId: string },
  wish: Wish,
  at: Date,
): Promise<{ status: Status; event: LoggedEvent } | null> {
  const id = newId('sevt');
  const result = await db.query<{ status: Status; seq: number; payload: string }>({
    ...CHANGE,
    values: [
      session.sessionId,
      session.workspaceId,
      wish.intent,
      wish.operation,
      wish.reason,
      at,
      id,
      at.toISOString(),
    ],
  });
  const row = result.rows[0];
  if (!row) return null;
  const { status, seq, payload } = row;
  return { status, event: { seq, id, type: 'x.lifecycle', turnId: null, at, payload } };
}
