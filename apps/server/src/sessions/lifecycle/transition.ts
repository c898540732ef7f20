import type { LoggedEvent } from '@aaas/contract/events';
import { newId } from '@aaas/contract/ids';
import type { SandboxPhase, StatusReason, TurnStatus } from '@aaas/contract/lifecycle';
import type { StartReport } from '@aaas/contract/starts';
import { type EventDraft, toColumns, toLogged } from '../log/draft-event.ts';
import { storableText } from '../log/storable-text.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import type { SessionRow } from './load-session.ts';

/** The columns that the owner alone writes; what is left out stays. */
export interface SandboxChange {
  sandboxPhase?: SandboxPhase;
  turnStatus?: TurnStatus;
  pid?: number | null;
  restarts?: number;
  losses?: Date[];
  retryAt?: Date | null;
  /** The operation that this change completes. */
  operationDone?: SessionRow['operation'];
}

const TRANSITION = {
  name: 'session.transition',
  text: `
    with head as (
      update session_heads set last_seq = last_seq + $3 + 1
       where session_id = $1 and generation = $2
      returning last_seq - $3 - 1 as base
    ), old as (
      select s.status from sessions s, head where s.id = $1 for update of s
    ), changed as (
      update sessions s
         set sandbox_phase = $4, turn_status = $5, pid = $6, restarts = $7, losses = $8, retry_at = $9,
             operation = case when s.operation = $10 then null else s.operation end,
             status_reason = $11, status_detail = $12, next_action = $13, updated_at = $14,
             status_since = case when session_status(s.intent, $5, $4) is distinct from s.status then $14 else s.status_since end
        from old where s.id = $1
      returning s.status
    ), logged as (
      insert into events (session_id, seq, turn_id, at, id, type, ref, payload)
      select $1, head.base + e.ord, $15, $14, e.id, e.type, e.ref, e.payload
        from head, unnest($16::text[], $17::text[], $18::text[], $19::text[]) with ordinality e (id, type, ref, payload, ord)
    ), lifecycle as (
      insert into events (session_id, seq, turn_id, at, id, type, payload)
      select $1, head.base + $3 + 1, $15, $14, $20, 'x.lifecycle',
             json_build_object('id', $20::text, 'type', 'x.lifecycle', 'from', old.status, 'to', changed.status,
                               'reason', $11::text, 'detail', $12::text, 'start', $22::json, 'processed_at', $21::text)::text
        from head, old, changed
      returning payload
    )
    select head.base, lifecycle.payload from head, lifecycle`,
};

/**
 * Moves a session to another phase: the row, the events that belong to it and one `x.lifecycle` event, in one
 * statement under the caller's generation. Updates `row` to what was written.
 * @throws Fenced when the generation has ended.
 */
export async function transition(
  ctx: SessionContext,
  owned: OwnedSession,
  row: SessionRow,
  change: SandboxChange,
  why: { reason: StatusReason; detail?: string | null; nextAction?: string | null; start?: StartReport | null },
  events: EventDraft[] = [],
  turnId: string | null = null,
): Promise<LoggedEvent[]> {
  const at = ctx.now();
  const next = { ...row, ...change };
  const columns = toColumns(events, at);
  const lifecycleId = newId('sevt');
  const result = await ctx.pool.query<{ base: number; payload: string }>({
    ...TRANSITION,
    values: [
      owned.sessionId,
      owned.generation,
      events.length,
      next.sandboxPhase,
      next.turnStatus,
      next.pid,
      next.restarts,
      next.losses,
      next.retryAt,
      change.operationDone ?? null,
      why.reason,
      why.detail ? storableText(why.detail) : null,
      why.nextAction ?? null,
      at,
      turnId,
      columns.ids,
      columns.types,
      columns.refs,
      columns.payloads,
      lifecycleId,
      at.toISOString(),
      why.start ? storableText(JSON.stringify(why.start)) : null,
    ],
  });
  const written = result.rows[0];
  if (!written) throw new Fenced(owned);
  const { operationDone, ...columnsChanged } = change;
  Object.assign(row, columnsChanged);
  if (operationDone && row.operation === operationDone) row.operation = null;
  const logged = toLogged(columns, written.base, turnId, at);
  const seq = written.base + events.length + 1;
  logged.push({ seq, id: lifecycleId, type: 'x.lifecycle', turnId, at, payload: written.payload });
  ctx.streams.publishEvents(owned.sessionId, logged);
  if (change.sandboxPhase === 'recovering' || change.sandboxPhase === 'failed') ctx.metrics.agentFailed(why.reason);
  ctx.log.info(
    { session_id: owned.sessionId, reason: why.reason, detail: why.detail, phase: next.sandboxPhase },
    'session moved',
  );
  return logged;
}
