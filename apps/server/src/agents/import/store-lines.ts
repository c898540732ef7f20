import { ArchivedEvent, ArchivedTranscript, ArchivedTurn } from '@aaas/contract/agent-archive';
import { STATUSES, type Status } from '@aaas/contract/lifecycle';
import type { PoolClient } from 'pg';
import { type Adoption, adoptEntry } from '../../harness/claude-agent-sdk/adopt-entry.ts';
import { type AdoptId, adoptFields } from './adopt-ids.ts';
import { readLines } from './read-lines.ts';
import type { Received } from './receive-archive.ts';

/** Where the lines go, and what becomes of ids and paths in them. */
export interface LineTarget {
  workspaceId: string;
  sessionId: string;
  adopt: AdoptId;
  adoption: Adoption;
}

const BATCH_ROWS = 500;
const BATCH_CHARS = 4_000_000;

const TRANSCRIPT = `
  insert into transcripts (session_id, subpath, uuid, entry)
  select $1, t.subpath, t.uuid, t.entry
    from unnest($2::text[], $3::text[], $4::text[]) with ordinality t (subpath, uuid, entry, ord) order by t.ord
  on conflict do nothing`;

export async function storeTranscript(db: PoolClient, { lines }: Received, target: LineTarget): Promise<number> {
  const rows = readLines(lines['transcript.jsonl'], 'transcript.jsonl', ArchivedTranscript, (line) => [
    line.subpath,
    line.uuid,
    JSON.stringify(adoptEntry(line.entry, target.adoption)),
  ]);
  return await insert(db, TRANSCRIPT, [target.sessionId], rows);
}

const EVENTS = `
  insert into events (session_id, seq, id, type, turn_id, ref, at, payload)
  select $1, e.seq, e.id, e.type, e.turn_id, e.ref, e.at, e.payload
    from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[])
         e (seq, id, type, turn_id, ref, at, payload)`;

/** @returns how many, the last sequence, and the status that the last transition led to */
export async function storeEvents(
  db: PoolClient,
  { lines }: Received,
  target: LineTarget,
): Promise<{ count: number; lastSeq: number; lastStatus: Status }> {
  let lastSeq = 0;
  let lastStatus: Status = 'stopped';
  const rows = readLines(lines['events.jsonl'], 'events.jsonl', ArchivedEvent, ({ seq, turn_id, ref, at, event }) => {
    if (lastSeq > 0 && seq !== lastSeq + 1) throw new Error(`seq: ${seq} does not follow ${lastSeq}`);
    lastSeq = seq;
    if (event.type === 'x.lifecycle' && String(event.to) in STATUSES) lastStatus = event.to as Status;
    const own = adoptFields(event, target.adopt);
    return [seq, own.id, own.type, turn_id && target.adopt(turn_id), ref, at, JSON.stringify(own)];
  });
  const count = await insert(db, EVENTS, [target.sessionId], rows);
  return { count, lastSeq, lastStatus };
}

const TURNS = `
  with line as (
    select * from unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::int[], $8::text[], $9::text[], $10::jsonb[],
                         $11::text[], $12::bigint[], $13::bigint[], $14::timestamptz[], $15::timestamptz[],
                         $16::timestamptz[], $17::text[], $18::int[])
      l (id, position, input_id, state, attempts, response, stop_reason, error, model, first_seq, last_seq,
         accepted_at, started_at, ended_at, payload, messages_count)
  ), input as (
    insert into inputs (session_id, position, id, workspace_id, type, payload, turn_id, accepted_at, consumed_seq)
    select $1, l.position, l.input_id, $2, 'user.message', l.payload, l.id, l.accepted_at, coalesce(l.first_seq, 0) from line l
  )
  insert into turns (id, session_id, workspace_id, position, input_id, state, attempts, response, stop_reason, error, model,
                     first_seq, last_seq, accepted_at, started_at, ended_at, messages_count)
  select l.id, $1, $2, l.position, l.input_id, l.state, l.attempts, l.response, l.stop_reason, l.error, l.model,
         l.first_seq, l.last_seq, l.accepted_at, l.started_at, l.ended_at, l.messages_count
    from line l`;

/** What the turns cost stays with the agent that they were exported from: tokens and cost are nought here. */
export async function storeTurns(
  db: PoolClient,
  { lines }: Received,
  target: LineTarget,
): Promise<{ count: number; lastPosition: number }> {
  let lastPosition = 0;
  let count = 0;
  const rows = readLines(lines['turns.jsonl'], 'turns.jsonl', ArchivedTurn, (turn) => {
    if (turn.position <= lastPosition) throw new Error(`position: ${turn.position} does not follow ${lastPosition}`);
    lastPosition = turn.position;
    const input = adoptFields(turn.input, target.adopt);
    return [
      target.adopt(turn.id),
      turn.position,
      input.id,
      turn.state,
      turn.attempts,
      turn.response,
      turn.stop_reason,
      turn.error && JSON.stringify(turn.error),
      turn.model,
      turn.first_seq,
      turn.last_seq,
      turn.accepted_at,
      turn.started_at,
      turn.ended_at,
      JSON.stringify(input),
      ++count,
    ];
  });
  await insert(db, TURNS, [target.sessionId, target.workspaceId], rows);
  return { count, lastPosition };
}

type Row = (string | number | null)[];

/** Inserts rows in batches, by columns. @returns how many rows there were */
async function insert(db: PoolClient, statement: string, fixed: string[], rows: AsyncIterable<Row>): Promise<number> {
  let batch: Row[] = [];
  let chars = 0;
  let count = 0;
  const flush = async () => {
    const width = batch[0]?.length ?? 0;
    const columns = Array.from({ length: width }, (_, column) => batch.map((row) => row[column]));
    if (batch.length > 0) await db.query(statement, [...fixed, ...columns]);
    batch = [];
    chars = 0;
  };
  for await (const row of rows) {
    batch.push(row);
    count++;
    chars += row.reduce<number>((sum, value) => sum + String(value).length, 0);
    if (batch.length >= BATCH_ROWS || chars >= BATCH_CHARS) await flush();
  }
  await flush();
  return count;
}
