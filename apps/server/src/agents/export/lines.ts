import type { Pool } from 'pg';
import type { Boundary } from './find-boundary.ts';

const PAGE_ROWS = 500;

const at = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

// The three files of an export, each line made by the database. What is JSON text already is put in as it is.
const TRANSCRIPT = `
  select position as place, '{"subpath":' || to_json(subpath) || ',"uuid":' || coalesce(to_json(uuid)::text, 'null')
         || ',"entry":' || entry || '}' as line
    from transcripts where session_id = $1 and position > $2 and position <= $3 order by position limit $4`;

const EVENTS = `
  select seq as place, '{"seq":' || seq || ',"turn_id":' || coalesce(to_json(turn_id)::text, 'null') || ',"ref":'
         || coalesce(to_json(ref)::text, 'null') || ',"at":' || to_json(${at('at')}) || ',"event":' || payload || '}' as line
    from events where session_id = $1 and seq > $2 and seq <= $3 order by seq limit $4`;

const TURNS = `
  select t.position as place,
         left(json_build_object('id', t.id, 'position', t.position, 'state', t.state, 'attempts', t.attempts,
           'response', t.response, 'stop_reason', t.stop_reason, 'error', t.error, 'model', t.model,
           'first_seq', t.first_seq, 'last_seq', t.last_seq, 'accepted_at', ${at('t.accepted_at')},
           'started_at', ${at('t.started_at')}, 'ended_at', ${at('t.ended_at')})::text, -1)
         || ',"input":' || i.payload || '}' as line
    from turns t join inputs i on i.session_id = t.session_id and i.position = t.position
   where t.session_id = $1 and t.position > $2 and t.position <= $3 and t.state in ('completed', 'failed', 'interrupted')
   order by t.position limit $4`;

/** The files of lines, by their names in the archive. */
export function exportedLines(pool: Pool, sessionId: string, boundary: Boundary): [string, AsyncIterable<Buffer>][] {
  const read = (statement: string, last: number) => pages(pool, statement, sessionId, last);
  return [
    ['transcript.jsonl', read(TRANSCRIPT, boundary.transcriptPosition)],
    ['events.jsonl', read(EVENTS, boundary.logSeq)],
    ['turns.jsonl', read(TURNS, boundary.inboxPosition)],
  ];
}

async function* pages(pool: Pool, statement: string, sessionId: string, last: number): AsyncGenerator<Buffer> {
  for (let after = 0; ; ) {
    const { rows } = await pool.query<{ place: number; line: string }>(statement, [sessionId, after, last, PAGE_ROWS]);
    for (const { line } of rows) yield Buffer.from(`${line}\n`);
    const end = rows.at(-1);
    if (!end || rows.length < PAGE_ROWS) return;
    after = end.place;
  }
}
