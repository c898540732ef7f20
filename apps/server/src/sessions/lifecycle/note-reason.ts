import type { StatusReason } from '@aaas/contract/lifecycle';
import type { PoolClient } from 'pg';
import type { StreamHub } from '../../streams/stream-hub.ts';

/** An event that was written into the log of a session without its owner. */
export interface MovedSession {
  sessionId: string;
  seq: number;
  id: string;
  at: Date;
  payload: string;
}

// The heads are locked by the caller. What is said of a process is only touched when it is gone.
const NOTE = `
  with wanted as (
    select * from unnest($1::text[], $2::text[]) as w (session_id, event_id)
  ), head as (
    update session_heads h set last_seq = last_seq + 1
      from wanted where h.session_id = wanted.session_id
    returning h.session_id, h.last_seq, wanted.event_id
  ), old as (
    select s.id, s.status from sessions s join head on head.session_id = s.id for update of s
  ), changed as (
    update sessions s
       set sandbox_phase = case when $3 then 'none' else s.sandbox_phase end, pid = case when $3 then null else s.pid end,
           status_reason = $4, status_detail = $5, next_action = $6, updated_at = $7,
           status_since = case when $3 and session_status(s.intent, s.turn_status, 'none') is distinct from s.status
                               then $7 else s.status_since end
      from old where s.id = old.id
    returning s.id, s.status
  )
  insert into events (session_id, seq, at, id, type, payload)
  select head.session_id, head.last_seq, $7, head.event_id, 'x.lifecycle',
         json_build_object('id', head.event_id, 'type', 'x.lifecycle', 'from', old.status, 'to', changed.status,
                           'reason', $4::text, 'detail', $5::text, 'processed_at', $8::text)::text
    from head join old on old.id = head.session_id join changed on changed.id = head.session_id
  returning session_id as "sessionId", seq, id, at, payload`;

/**
 * Says of sessions that have no owner why they stand as they do, in the caller's transaction, which holds their heads.
 * `gone`: their process is, too.
 */
export async function noteReason(
  db: PoolClient,
  sessions: { id: string; eventId: string }[],
  why: { reason: StatusReason; detail: string | null; nextAction: string | null; gone?: boolean },
  at: Date,
): Promise<MovedSession[]> {
  if (sessions.length === 0) return [];
  const result = await db.query<MovedSession>(NOTE, [
    sessions.map(({ id }) => id),
    sessions.map(({ eventId }) => eventId),
    why.gone ?? false,
    why.reason,
    why.detail,
    why.nextAction,
    at,
    at.toISOString(),
  ]);
  return result.rows;
}

/** Tells those who follow the logs, once the transaction is committed. */
export function announceMoved({ streams }: { streams: StreamHub }, moved: MovedSession[]): void {
  for (const { sessionId, ...event } of moved)
    streams.publishEvents(sessionId, [{ ...event, type: 'x.lifecycle', turnId: null }]);
}
