import type { LoggedEvent } from '@aaas/contract/events';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';

const TAKE = {
  name: 'inbox.take-interrupts',
  text: `
    with waiting as (
      select i.position, i.id, i.type, i.payload, row_number() over (order by i.position) as ord
        from inputs i
       where i.session_id = $1 and i.consumed_seq is null and i.type = 'user.interrupt'
    ), head as (
      update session_heads set last_seq = last_seq + (select count(*) from waiting)
       where session_id = $1 and generation = $2
      returning last_seq - (select count(*) from waiting) as base
    ), consumed as (
      update inputs i set consumed_seq = head.base + w.ord
        from head, waiting w where i.session_id = $1 and i.position = w.position
    ), logged as (
      insert into events (session_id, seq, turn_id, at, id, type, payload)
      select $1, head.base + w.ord, $3, $4, w.id, w.type, left(w.payload, -1) || ',"processed_at":"' || $5 || '"}'
        from head, waiting w
      returning seq, id, type, payload
    )
    select head.base, logged.seq, logged.id, logged.type, logged.payload
      from head left join logged on true order by logged.seq`,
};

/** Moves the waiting interrupts into the log: they do not wait for the messages before them. */
export async function takeInterrupts(ctx: SessionContext, owned: OwnedSession, turnId: string | null): Promise<void> {
  const at = ctx.now();
  const result = await ctx.pool.query<{ seq: number | null; id: string; type: string; payload: string }>({
    ...TAKE,
    values: [owned.sessionId, owned.generation, turnId, at, at.toISOString()],
  });
  if (result.rows.length === 0) throw new Fenced(owned);
  const logged: LoggedEvent[] = result.rows.flatMap(({ seq, id, type, payload }) =>
    seq === null ? [] : [{ seq, id, type, turnId, at, payload }],
  );
  ctx.streams.publishEvents(owned.sessionId, logged);
}
