import { ApiError } from '@aaas/contract/errors';
import { newId } from '@aaas/contract/ids';
import type { Status } from '@aaas/contract/lifecycle';
import type { Pool, PoolClient } from 'pg';
import { type BudgetLine, LINE_COLUMNS } from '../../gateway/budgets/budget-line.ts';
import { describeExhausted } from '../../gateway/budgets/describe-exhausted.ts';
import type { SessionContext } from '../session-context.ts';

/** A client event on its way into the inbox. */
export interface NewInput {
  type: 'user.message' | 'user.interrupt';
  body: Record<string, unknown>;
  /** Unique per session: a second input with it is the first one. */
  idempotencyKey?: string;
  /** Of the body that came with the key; another body with the same key is refused. */
  requestHash?: string;
  /** Of the API key that sent it. */
  keyId?: string;
}

/** `waiting`: messages of the session that wait, this one included. */
export type AddedInput =
  | {
      kind: 'accepted';
      inputId: string;
      turnId: string | null;
      position: number;
      waiting: number;
      acceptedAt: Date;
      status: Status;
    }
  | { kind: 'duplicate'; inputId: string; turnId: string | null; requestHash: string | null }
  | { kind: 'refused'; status: Status }
  | { kind: 'full'; waiting: number }
  | { kind: 'no_session' };

// The head's row is locked first, keeps the bound and hands out the position: inputs of one session are numbered in the order in
// which their transactions commit.
const ADD = {
  name: 'inbox.add',
  text: `
    with session as (
      select s.id, s.workspace_id, s.agent_id, s.status,
             s.intent = 'active' and s.status not in ('error', 'terminated') as open
        from sessions s where s.id = $1 and s.workspace_id = $2 and s.intent <> 'archived'
    ), duplicate as (
      select i.id, i.turn_id, i.request_hash from inputs i, session
       where i.session_id = session.id and i.idempotency_key = $3
    ), budget as (
      select ${LINE_COLUMNS}
        from session cross join lateral budget_lines(session.workspace_id, session.agent_id, session.id, null, $4) l
       where $9::text is not null and l.spent >= l.bound and not exists (select 1 from duplicate)
       limit 1
    ), head as (
      update session_heads h
         set last_position = last_position + 1, requested = requested + 1, runnable_at = coalesce(runnable_at, $4),
             waiting = h.waiting + case when $9::text is null then 0 else 1 end
        from session
       where h.session_id = session.id and session.open and h.waiting < $5 and not exists (select 1 from duplicate)
         and not exists (select 1 from budget)
      returning h.last_position as position, h.waiting
    ), input as (
      insert into inputs (session_id, position, id, workspace_id, type, payload, turn_id, idempotency_key, request_hash, accepted_at,
                          key_id)
      select $1, head.position, $6, $2, $7, $8, $9, $3, $10, $4, $11 from head
    ), turn as (
      insert into turns (id, session_id, workspace_id, position, input_id, accepted_at, key_id)
      select $9, $1, $2, head.position, $6, $4, $11 from head where $9::text is not null
    )
    select session.status, session.open, head.position, head.waiting,
           duplicate.id as "duplicateId", duplicate.turn_id as "duplicateTurn", duplicate.request_hash as "duplicateHash",
           (select row_to_json(budget) from budget) as exhausted
      from session left join head on true left join duplicate on true`,
};

interface AddRow {
  status: Status;
  open: boolean;
  position: number | null;
  waiting: number | null;
  duplicateId: string | null;
  duplicateTurn: string | null;
  duplicateHash: string | null;
  /** A budget of which nothing is left. */
  exhausted: BudgetLine | null;
}

const INTEGER_MAX = 2 ** 31 - 1;
const UNIQUE_VIOLATION = '23505';

/**
 * Accepts one input: one statement, durable when it returns. Several at once go through `db`, a client in a
 * transaction of the caller's.
 * @throws ApiError `budget_exceeded` for a message that no budget is left for.
 */
export async function addInput(
  ctx: SessionContext,
  session: { workspaceId: string; sessionId: string },
  input: NewInput,
  maxWaiting: number,
  db: Pool | PoolClient = ctx.pool,
): Promise<AddedInput> {
  const inputId = newId('sevt');
  const turnId = input.type === 'user.message' ? newId('turn') : null;
  const acceptedAt = ctx.now();
  const values = [
    session.sessionId,
    session.workspaceId,
    input.idempotencyKey ?? null,
    acceptedAt,
    // An interrupt must get through whatever waits.
    input.type === 'user.interrupt' ? INTEGER_MAX : maxWaiting,
    inputId,
    input.type,
    JSON.stringify({ id: inputId, type: input.type, ...input.body }),
    turnId,
    input.requestHash ?? null,
    input.keyId ?? null,
  ];
  for (;;) {
    let row: AddRow | undefined;
    try {
      row = (await db.query<AddRow>({ ...ADD, values })).rows[0];
    } catch (error) {
      // Two requests with one key at once: the second now finds what the first has written.
      if ((error as { code?: string }).code === UNIQUE_VIOLATION && input.idempotencyKey) continue;
      throw error;
    }
    if (!row) return { kind: 'no_session' };
    if (row.exhausted) throw new ApiError('budget_exceeded', describeExhausted(row.exhausted));
    if (row.duplicateId) {
      return { kind: 'duplicate', inputId: row.duplicateId, turnId: row.duplicateTurn, requestHash: row.duplicateHash };
    }
    if (row.position !== null) {
      const { position, waiting, status } = row;
      return { kind: 'accepted', inputId, turnId, position, waiting: waiting ?? 0, acceptedAt, status };
    }
    return row.open ? { kind: 'full', waiting: maxWaiting } : { kind: 'refused', status: row.status };
  }
}
