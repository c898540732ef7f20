import { newId } from '@aaas/contract/ids';
import type { SessionRow } from '../lifecycle/load-session.ts';
import { draftEvent, toColumns, toLogged } from '../log/draft-event.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import { primaryThreadOf } from './primary-thread.ts';

/** A turn that is being driven. */
export interface OpenTurn {
  id: string;
  inputId: string;
  /** The input event as JSON, without `processed_at`. */
  input: { id: string; type: string; content: unknown[] };
  firstSeq: number;
  attempts: number;
  startedAt: Date;
  /** How long it has waited for people, in milliseconds. */
  waitedMs: number;
}

// `old` is locked to be read as it is now, not as it was when the statement began. Events of a turn's beginning, in this order: the input under its own id, session.status_running,
// session.thread_status_running, x.lifecycle.
const BEGIN = {
  name: 'turn.begin',
  text: `
    with next as (
      select i.position, i.id, i.type, i.turn_id, i.payload from inputs i
       where i.session_id = $1 and i.consumed_seq is null and i.type <> 'user.interrupt'
       order by i.position limit 1
    ), head as (
      update session_heads h
         set last_seq = last_seq + 4, waiting = h.waiting - 1, runnable_at = case when h.requested = $10 then null else h.runnable_at end
        from next, sessions s
       where h.session_id = $1 and h.generation = $2 and s.id = $1 and s.intent = 'active' and s.turn_status = 'idle' and s.next_version is null
      returning h.last_seq - 4 as base
    ), old as (
      select s.status from sessions s, head where s.id = $1 for update of s
    ), changed as (
      update sessions s
         set turn_status = 'running', status_reason = 'turn_started', status_detail = null, next_action = null,
             updated_at = $3, status_since = $3, directory_unsaved = true
        from old where s.id = $1
      returning s.status
    ), turn as (
      update turns t
         set state = 'running', attempts = 1, started_at = $3, first_seq = head.base + 1, model = $4
        from head, next where t.id = next.turn_id
    ), consumed as (
      update inputs i set consumed_seq = head.base + 1
        from head, next where i.session_id = $1 and i.position = next.position
    ), logged as (
      insert into events (session_id, seq, turn_id, at, id, type, payload)
      select $1, head.base + 1, next.turn_id, $3, next.id, next.type,
             left(next.payload, -1) || ',"processed_at":"' || $5 || '"}'
        from head, next
      union all
      select $1, head.base + 1 + e.ord, next.turn_id, $3, e.id, e.type, e.payload
        from head, next, unnest($6::text[], $7::text[], $8::text[]) with ordinality e (id, type, payload, ord)
      union all
      select $1, head.base + 4, next.turn_id, $3, $9, 'x.lifecycle',
             json_build_object('id', $9::text, 'type', 'x.lifecycle', 'from', old.status, 'to', changed.status,
                               'reason', 'turn_started', 'detail', null, 'processed_at', $5::text)::text
        from head, next, old, changed
      returning seq, type, payload
    )
    select head.base, next.turn_id as "turnId", next.id as "inputId", next.payload as input,
           (select l.payload from logged l where l.seq = head.base + 1) as "inputPayload",
           (select l.payload from logged l where l.seq = head.base + 4) as "lifecyclePayload"
      from head, next`,
};

interface BeginRow {
  base: number;
  turnId: string;
  inputId: string;
  input: string;
  inputPayload: string;
  lifecyclePayload: string;
}

/**
 * Takes the next message from the inbox into the log and opens its turn, in one statement, which also settles the
 * session's runnable mark if nothing was asked since the row was read. Null: nothing waits.
 */
export async function beginTurn(ctx: SessionContext, owned: OwnedSession, row: SessionRow): Promise<OpenTurn | null> {
  const at = ctx.now();
  const lifecycleId = newId('sevt');
  const thread = primaryThreadOf(row);
  const columns = toColumns(
    [draftEvent('session.status_running'), draftEvent('session.thread_status_running', thread)],
    at,
  );
  const result = await ctx.pool.query<BeginRow>({
    ...BEGIN,
    values: [
      owned.sessionId,
      owned.generation,
      at,
      row.definition.model,
      at.toISOString(),
      columns.ids,
      columns.types,
      columns.payloads,
      lifecycleId,
      row.requested,
    ],
  });
  const begun = result.rows[0];
  if (!begun) return null;
  const { turnId, base, inputId } = begun;
  ctx.streams.publishEvents(owned.sessionId, [
    { seq: base + 1, id: inputId, type: 'user.message', turnId, at, payload: begun.inputPayload },
    ...toLogged(columns, base + 1, turnId, at),
    { seq: base + 4, id: lifecycleId, type: 'x.lifecycle', turnId, at, payload: begun.lifecyclePayload },
  ]);
  return {
    id: turnId,
    inputId,
    input: JSON.parse(begun.input),
    firstSeq: base + 1,
    attempts: 1,
    startedAt: at,
    waitedMs: 0,
  };
}

/** The turn that another owner began, or this one before its process was lost; counts the new attempt. */
export async function reopenTurn(ctx: SessionContext, owned: OwnedSession): Promise<OpenTurn | null> {
  const result = await ctx.pool.query<Omit<OpenTurn, 'input'> & { input: string }>(
    `with unsaved as (
       update sessions s set directory_unsaved = true
         from session_heads h where s.id = $1 and h.session_id = $1 and h.generation = $2
     )
     update turns t set attempts = t.attempts + 1
       from session_heads h, inputs i
      where h.session_id = $1 and h.generation = $2 and t.session_id = $1 and t.state = 'running'
        and i.session_id = $1 and i.position = t.position
     returning t.id, t.input_id as "inputId", i.payload as input, t.first_seq as "firstSeq", t.attempts,
               t.started_at as "startedAt", t.waited_ms as "waitedMs"`,
    [owned.sessionId, owned.generation],
  );
  const turn = result.rows[0];
  if (!turn) {
    const held = await ctx.pool.query('select 1 from session_heads where session_id = $1 and generation = $2', [
      owned.sessionId,
      owned.generation,
    ]);
    if (held.rowCount === 0) throw new Fenced(owned);
    return null;
  }
  return { ...turn, input: JSON.parse(turn.input) };
}
