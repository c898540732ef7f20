import type { OwnedSession, SessionContext } from '../session-context.ts';
import { patiently } from './patiently.ts';

// Called again for the same call it says the same: the answer of the database may have been lost.
const SPEND = {
  name: 'approvals.spend',
  text: `
    with head as (
      update session_heads set last_seq = last_seq where session_id = $2 and generation = $3 returning session_id
    )
    update approvals a set used_at = coalesce(a.used_at, $5), used_ref = $4
      from head where a.id = $1 and a.session_id = head.session_id and a.state = 'allowed'
       and (a.used_at is null or a.used_ref = $4)`,
};

/**
 * Spends the grant of an allowed ask for one call. The call may be made only after this: whatever dies from now on, the
 * tool may have run and is not run again. False: there is no grant, or another call has spent it.
 */
export async function spendGrant(
  ctx: SessionContext,
  owned: OwnedSession,
  eventId: string,
  ref: string,
): Promise<boolean> {
  const values = [eventId, owned.sessionId, owned.generation, ref, ctx.now()];
  return (await patiently(ctx, () => ctx.pool.query({ ...SPEND, values }))).rowCount === 1;
}
