import type { StopReason, TurnState } from '@aaas/contract/events';
import { newId } from '@aaas/contract/ids';
import type { StatusReason } from '@aaas/contract/lifecycle';
import type { SessionRow } from '../lifecycle/load-session.ts';
import { transcriptColumns, type Uncommitted } from '../log/append.ts';
import { draftEvent, type EventDraft, toColumns, toLogged } from '../log/draft-event.ts';
import { logNotices } from '../log/log-notices.ts';
import { storableText } from '../log/storable-text.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import type { OpenTurn } from './begin-turn.ts';
import { TURN_COLUMNS, type TurnView } from './find-turn.ts';
import { primaryThreadOf } from './primary-thread.ts';

/** How a turn ended. */
export interface TurnEnding {
  state: Exclude<TurnState, 'queued' | 'running'>;
  stopReason: StopReason;
  response: string | null;
  error: { type: string; message: string } | null;
  reason: StatusReason;
}

const END = {
  name: 'turn.end',
  text: `
    with head as (
      update session_heads set last_seq = last_seq + $3 + 1
       where session_id = $1 and generation = $2
         and exists (select 1 from turns t where t.id = $10 and t.state = 'running')
         and not exists (select 1 from notices n where n.session_id = $1 and n.logged_seq is null)
      returning last_seq - $3 - 1 as base
    ), old as (
      select s.status, s.messages_count from sessions s, head where s.id = $1 for update of s
    ), changed as (
      update sessions s
         set turn_status = 'idle', messages_count = s.messages_count + 1, retry_at = null,
             losses = case when $6 = 'completed' then '{}' else s.losses end,
             status_reason = $4, status_detail = null, next_action = null, updated_at = $5, status_since = $5
        from old where s.id = $1
      returning s.status
    ), turn as (
      update turns t
         set state = $6, stop_reason = $7, response = $8, error = $9, ended_at = $5, last_seq = head.base + $3 + 1,
             messages_count = old.messages_count + 1
        from head, old where t.id = $10
      returning ${TURN_COLUMNS}, t.messages_count as "messagesCount"
    ), asks as (
      update approvals a
         set state = case when a.state = 'open' then 'cancelled' else a.state end,
             decided_at = coalesce(a.decided_at, $5), noted_at = $5
        from head where a.turn_id = $10 and a.noted_at is null
    ), logged as (
      insert into events (session_id, seq, turn_id, at, id, type, ref, payload)
      select $1, head.base + e.ord, $10, $5, e.id, e.type, e.ref,
             case when e.type = 'session.usage' then left(e.payload, -1) || ',"usage":' || managed_usage($1) || '}' else e.payload end
        from head, unnest($11::text[], $12::text[], $13::text[], $14::text[]) with ordinality e (id, type, ref, payload, ord)
      returning type, payload
    ), transcript as (
      insert into transcripts (session_id, subpath, uuid, entry)
      select $1, t.subpath, t.uuid, t.entry
        from head, unnest($17::text[], $18::text[], $19::text[]) with ordinality t (subpath, uuid, entry, ord)
       order by t.ord
      on conflict do nothing
    ), lifecycle as (
      insert into events (session_id, seq, turn_id, at, id, type, payload)
      select $1, head.base + $3 + 1, $10, $5, $15, 'x.lifecycle',
             json_build_object('id', $15::text, 'type', 'x.lifecycle', 'from', old.status, 'to', changed.status,
                               'reason', $4::text, 'detail', null, 'processed_at', $16::text)::text
        from head, old, changed
      returning payload
    )
    select head.base, lifecycle.payload as "lifecyclePayload", logged.payload as "usagePayload", turn.*, changed.status as "sessionStatus", '{}'::text[] as approvals
      from head, lifecycle, turn, changed, logged where logged.type = 'session.usage'`,
};

/**
 * Ends a turn: what is left of it, its idle events, the row of the turn, the session's status, in one statement. Its
 * usage is there already: each insert into the ledger adds to it.
 * @throws Fenced when the generation has ended.
 */
export async function endTurn(
  ctx: SessionContext,
  owned: OwnedSession,
  row: SessionRow,
  turn: OpenTurn,
  ending: TurnEnding,
  left: Uncommitted,
): Promise<void> {
  const error = ending.error && { ...ending.error, message: storableText(ending.error.message) };
  const at = ctx.now();
  const events = [...left.events, ...endingEvents(row, ending)];
  const columns = toColumns(events, at);
  const lifecycleId = newId('sevt');
  const end = {
    ...END,
    values: [
      owned.sessionId,
      owned.generation,
      events.length,
      ending.reason,
      at,
      ending.state,
      ending.stopReason,
      ending.response === null ? null : storableText(ending.response),
      error === null ? null : JSON.stringify(error),
      turn.id,
      columns.ids,
      columns.types,
      columns.refs,
      columns.payloads,
      lifecycleId,
      at.toISOString(),
      ...transcriptColumns(left.transcript),
    ],
  };
  const attempt = async () =>
    (await ctx.pool.query<TurnView & { base: number; lifecyclePayload: string; usagePayload: string }>(end)).rows[0];
  let written = await attempt();
  // What the gateway has to say of the turn stands in the log before its end: that is rare, so it is not asked first.
  while (!written && (await logNotices(ctx, owned)) > 0) written = await attempt();
  if (!written && !(await hasEnded(ctx, turn.id))) throw new Fenced(owned);
  row.turnStatus = 'idle';
  if (ending.state === 'completed') row.losses = [];
  row.retryAt = null;
  // Ended before, by an attempt whose answer was lost: what it wrote stands.
  if (!written) return;
  const { base, lifecyclePayload, usagePayload, ...ended } = written;
  const logged = toLogged(columns, base, turn.id, at);
  for (const event of logged) if (event.type === 'session.usage') event.payload = usagePayload;
  const seq = base + events.length + 1;
  logged.push({ seq, id: lifecycleId, type: 'x.lifecycle', turnId: turn.id, at, payload: lifecyclePayload });
  ctx.streams.publishEvents(owned.sessionId, logged);
  ctx.streams.publishTurnEnded(ended);
  tellEnd(ctx, row, turn, ending, at.getTime() - ended.acceptedAt.getTime());
}

function tellEnd(ctx: SessionContext, row: SessionRow, turn: OpenTurn, ending: TurnEnding, durationMs: number): void {
  const { state, stopReason, error } = ending;
  ctx.metrics.messageEnded(row.definition.agent_type, Math.max(0, durationMs) / 1000);
  if (state === 'failed')
    ctx.metrics.agentFailed(stopReason === 'timed_out' ? 'turn_timed_out' : (error?.type ?? 'unknown_error'));
  ctx.log.info(
    {
      session_id: row.id,
      turn_id: turn.id,
      state,
      stop_reason: stopReason,
      duration_ms: durationMs,
      error_type: error?.type,
    },
    'turn ended',
  );
}

async function hasEnded(ctx: SessionContext, turnId: string): Promise<boolean> {
  const result = await ctx.pool.query(`select 1 from turns where id = $1 and state <> 'running'`, [turnId]);
  return result.rowCount === 1;
}

function endingEvents(row: SessionRow, ending: TurnEnding): EventDraft[] {
  const stop = { stop_reason: managedStopReason(ending), stop_details: null };
  const error = ending.error && {
    error: { ...ending.error, type: managedErrorType(ending.error.type), retry_status: { type: 'exhausted' } },
  };
  return [
    ...(error ? [draftEvent('session.error', error)] : []),
    draftEvent('session.thread_status_idle', { ...primaryThreadOf(row), ...stop }),
    // Its `usage` is put in where it is written.
    draftEvent('session.usage'),
    draftEvent('session.status_idle', stop),
  ];
}

// The Managed Agents API has a word of its own for it.
function managedErrorType(type: string): string {
  return type === 'budget_exceeded' ? 'billing_error' : type;
}

function managedStopReason(ending: TurnEnding) {
  if (ending.state === 'failed') return { type: 'retries_exhausted' };
  return { type: ending.stopReason === 'refusal' ? 'refusal' : 'end_turn' };
}
