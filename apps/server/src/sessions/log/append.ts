import type { LoggedEvent } from '@aaas/contract/events';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import { type EventDraft, toColumns, toLogged } from './draft-event.ts';

/** One entry of the harness's transcript, opaque but for its uuid. */
export interface TranscriptEntry {
  subpath: string;
  uuid: string | null;
  entry: string;
}

/** What belongs to a session and is not in the database yet. */
export interface Uncommitted {
  events: EventDraft[];
  transcript: TranscriptEntry[];
}

// The update of the head comes first: it takes the row's lock, checks the generation and hands out the sequence.
// Without it no other part of the statement finds a row.
const APPEND = {
  name: 'log.append',
  text: `
    with head as (
      update session_heads set last_seq = last_seq + $3
       where session_id = $1 and generation = $2
      returning last_seq - $3 as base
    ), logged as (
      insert into events (session_id, seq, turn_id, at, id, type, ref, payload)
      select $1, head.base + e.ord, $4, $5, e.id, e.type, e.ref, e.payload
        from head, unnest($6::text[], $7::text[], $8::text[], $9::text[]) with ordinality e (id, type, ref, payload, ord)
    ), transcript as (
      insert into transcripts (session_id, subpath, uuid, entry)
      select $1, t.subpath, t.uuid, t.entry
        from head, unnest($10::text[], $11::text[], $12::text[]) with ordinality t (subpath, uuid, entry, ord)
       order by t.ord
      on conflict do nothing
    )
    select base from head`,
};

/**
 * Appends events, and with them entries of the transcript, in one statement under the caller's generation.
 * @throws Fenced when the generation has ended.
 */
export async function appendEvents(
  ctx: SessionContext,
  owned: OwnedSession,
  batch: { turnId: string | null } & Partial<Uncommitted>,
): Promise<LoggedEvent[]> {
  const at = ctx.now();
  const { events = [], transcript = [] } = batch;
  const columns = toColumns(events, at);
  const result = await ctx.pool.query<{ base: number }>({
    ...APPEND,
    values: [
      owned.sessionId,
      owned.generation,
      events.length,
      batch.turnId,
      at,
      columns.ids,
      columns.types,
      columns.refs,
      columns.payloads,
      ...transcriptColumns(transcript),
    ],
  });
  const row = result.rows[0];
  if (!row) throw new Fenced(owned);
  const logged = toLogged(columns, row.base, batch.turnId, at);
  ctx.streams.publishEvents(owned.sessionId, logged);
  return logged;
}

/** Entries in the form that `unnest` takes: subpaths, uuids, texts. */
export function transcriptColumns(entries: TranscriptEntry[]) {
  return [
    entries.map((entry) => entry.subpath),
    entries.map((entry) => entry.uuid),
    entries.map((entry) => entry.entry),
  ];
}
