import type { LoggedEvent } from '@aaas/contract/events';
import type { OwnedSession, SessionContext } from '../session-context.ts';

const LOG = {
  name: 'log.notices',
  text: `
    with waiting as (
      select n.id, n.turn_id, n.type, n.payload, row_number() over (order by n.at, n.id) as ord
        from notices n where n.session_id = $1 and n.logged_seq is null
    ), head as (
      update session_heads set last_seq = last_seq + (select count(*) from waiting)
       where session_id = $1 and generation = $2 and exists (select 1 from waiting)
      returning last_seq - (select count(*) from waiting) as base
    ), marked as (
      update notices n set logged_seq = head.base + w.ord
        from head, waiting w where n.session_id = $1 and n.id = w.id
    )
    insert into events (session_id, seq, turn_id, at, id, type, payload)
    select $1, head.base + w.ord, w.turn_id, $3, w.id, w.type, left(w.payload, -1) || ',"processed_at":"' || $4 || '"}'
      from head, waiting w order by w.ord
    returning seq, id, type, turn_id as "turnId", at, payload`,
};

/**
 * Moves what others left for the log into it, in the order in which they left it. Only the owner's loop may call it:
 * two at once would log one notice twice. Nothing happens under a generation that has ended.
 * @returns how many there were.
 */
export async function logNotices(ctx: SessionContext, owned: OwnedSession): Promise<number> {
  const at = ctx.now();
  const values = [owned.sessionId, owned.generation, at, at.toISOString()];
  const logged = (await ctx.pool.query<LoggedEvent>({ ...LOG, values })).rows;
  ctx.streams.publishEvents(
    owned.sessionId,
    logged.sort((a, b) => a.seq - b.seq),
  );
  return logged.length;
}
