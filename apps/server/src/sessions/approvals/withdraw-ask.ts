import type { OwnedSession, SessionContext } from '../session-context.ts';

const WITHDRAW = {
  name: 'approvals.withdraw',
  text: `
    with head as (
      update session_heads set last_seq = last_seq where session_id = $2 and generation = $3 returning session_id
    )
    update approvals a set state = 'cancelled', decided_at = $4
      from head where a.id = $1 and a.session_id = head.session_id and a.state = 'open'`,
};

/** Nobody needs the answer any more: the harness has ended the call by itself. */
export async function withdrawAsk(ctx: SessionContext, owned: OwnedSession, eventId: string): Promise<void> {
  await ctx.pool.query({ ...WITHDRAW, values: [eventId, owned.sessionId, owned.generation, ctx.now()] });
}
