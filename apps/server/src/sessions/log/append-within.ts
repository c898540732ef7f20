import type { LoggedEvent } from '@aaas/contract/events';
import type { PoolClient } from 'pg';
import { type EventDraft, toColumns, toLogged } from './draft-event.ts';

/**
 * Appends events in a transaction of the caller's, who has locked the head and made sure that it may write, and who
 * publishes them when they are committed.
 */
export async function appendWithin(
  db: PoolClient,
  sessionId: string,
  drafts: EventDraft[],
  at: Date,
): Promise<LoggedEvent[]> {
  const columns = toColumns(drafts, at);
  const result = await db.query<{ base: number }>(
    `with head as (
       update session_heads set last_seq = last_seq + $2 where session_id = $1 returning last_seq - $2 as base
     ), logged as (
       insert into events (session_id, seq, at, id, type, ref, payload)
       select $1, head.base + e.ord, $3, e.id, e.type, e.ref, e.payload
         from head, unnest($4::text[], $5::text[], $6::text[], $7::text[]) with ordinality e (id, type, ref, payload, ord)
     )
     select base from head`,
    [sessionId, drafts.length, at, columns.ids, columns.types, columns.refs, columns.payloads],
  );
  const base = result.rows[0]?.base;
  if (base === undefined) throw new Error(`failed to append to session ${sessionId}: it is gone`);
  return toLogged(columns, base, null, at);
}
