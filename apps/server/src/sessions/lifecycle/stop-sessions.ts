import { newId } from '@aaas/contract/ids';
import type { StatusReason } from '@aaas/contract/lifecycle';
import type { PoolClient } from 'pg';
import type { SessionContext } from '../session-context.ts';

export interface StoppedSession {
  sessionId: string;
  seq: number;
  id: string;
  at: Date;
  payload: string;
}

const REASON: StatusReason = 'workspace_archived';

// As change-intent.ts does it for one: the head first, then the session, which may have been archived meanwhile.
const STOP = `
  with wanted as (
    select * from unnest($1::text[], $2::text[]) as w (session_id, event_id)
  ), head as (
    update session_heads h
       set last_seq = last_seq + 1, requested = requested + 1, runnable_at = coalesce(runnable_at, $3),
           owner = nullif(h.owner, '-'), lane = '', held_by = ''
      from wanted where h.session_id = wanted.session_id
    returning h.session_id, h.last_seq, wanted.event_id
  ), old as (
    select s.id, s.status, case when s.intent = 'archived' then 'archived' else 'stopped' end as intent
      from sessions s join head on head.session_id = s.id for update of s
  ), changed as (
    update sessions s
       set intent = old.intent, operation = null, status_reason = $4, updated_at = $3,
           status_since = case when session_status(old.intent, s.turn_status, s.sandbox_phase)
             is distinct from s.status then $3 else s.status_since end
      from old where s.id = old.id
    returning s.id, s.status
  )
  insert into events (session_id, seq, at, id, type, payload)
  select head.session_id, head.last_seq, $3, head.event_id, 'x.lifecycle',
         json_build_object('id', head.event_id, 'type', 'x.lifecycle', 'from', old.status, 'to', changed.status,
                           'reason', $4::text, 'detail', null, 'processed_at', $5::text)::text
    from head join old on old.id = head.session_id join changed on changed.id = head.session_id
  returning session_id as "sessionId", seq, id, at, payload`;

/** Stops every active session of some workspaces, in the caller's transaction. Their owners carry it out. */
export async function stopSessionsOf(db: PoolClient, workspaceIds: string[], at: Date): Promise<StoppedSession[]> {
  const active = await db.query<{ id: string }>(
    `select id from sessions where workspace_id = any($1) and intent = 'active' order by id`,
    [workspaceIds],
  );
  const ids = active.rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  const stopped = await db.query<StoppedSession>(STOP, [
    ids,
    ids.map(() => newId('sevt')),
    at,
    REASON,
    at.toISOString(),
  ]);
  return stopped.rows;
}

/** Tells those who follow the logs, once the transaction is committed. */
export function announceStopped(ctx: SessionContext, stopped: StoppedSession[]): void {
  for (const { sessionId, ...event } of stopped) {
    ctx.streams.publishEvents(sessionId, [{ ...event, type: 'x.lifecycle', turnId: null }]);
  }
}
