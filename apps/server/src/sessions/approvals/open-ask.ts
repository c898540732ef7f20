import type { SessionRow } from '../lifecycle/load-session.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import type { AskedCall } from './approval.ts';
import { inputHash } from './input-hash.ts';
import { patiently } from './patiently.ts';

// The empty update takes the head's lock: nobody claims the session between the check of the generation and the insert.
const OPEN = {
  name: 'approvals.open',
  text: `
    with head as (
      update session_heads set last_seq = last_seq where session_id = $2 and generation = $3 returning session_id
    ), opened as (
      insert into approvals (id, workspace_id, agent_id, session_id, turn_id, ref, tool, input, input_hash, requested_at, expires_at)
      select $1, $4, $5, session_id, $6, $7, $8, $9, $10, $11, $12 from head
      on conflict (id) do nothing
    )
    select 1 from head`,
};

/**
 * Opens an ask. Its event is in the log already: a call that was to be asked about and has no ask is known not to have run.
 * @throws Fenced when the generation has ended.
 */
export async function openAsk(
  ctx: SessionContext,
  owned: OwnedSession,
  row: Pick<SessionRow, 'workspaceId' | 'agentId'>,
  turnId: string,
  call: AskedCall,
  expiresInMs: number,
): Promise<void> {
  const at = ctx.now();
  const values = [
    call.eventId,
    owned.sessionId,
    owned.generation,
    row.workspaceId,
    row.agentId,
    turnId,
    call.ref,
    call.name,
    JSON.stringify(call.input ?? {}),
    inputHash(call.input),
    at,
    new Date(at.getTime() + expiresInMs),
  ];
  const result = await patiently(ctx, () => ctx.pool.query({ ...OPEN, values }));
  if (result.rowCount === 0) throw new Fenced(owned);
}
