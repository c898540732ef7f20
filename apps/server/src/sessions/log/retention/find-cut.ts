import type { Pool } from 'pg';

/** Sessions looked at in one statement. */
const PAGE = 1_000;

// By its first event alone: that is one look-up in the key for each session, however long its log.
const DUE = {
  name: 'retention.due',
  text: `
    select h.session_id as "sessionId",
           first.at < $2 and first.seq < least(h.last_seq, coalesce(begun.first_seq, h.last_seq)) as due
      from (select session_id, last_seq from session_heads where session_id > $1 order by session_id limit ${PAGE}) h
      left join lateral (
        select e.seq, e.at from events e where e.session_id = h.session_id order by e.seq limit 1) first on true
      left join lateral (
        select t.first_seq from turns t where t.session_id = h.session_id and t.first_seq is not null
         order by t.position desc limit 1) begun on true
     order by h.session_id`,
};

/** Sessions whose log may have something to lose that is older than `before`. */
export async function* findDue(pool: Pool, before: Date, signal: AbortSignal): AsyncGenerator<string> {
  for (let after = ''; !signal.aborted; ) {
    const { rows } = await pool.query<{ sessionId: string; due: boolean | null }>({ ...DUE, values: [after, before] });
    for (const { sessionId, due } of rows) if (due) yield sessionId;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.sessionId;
  }
}

// `young` goes by the sequence and not by the least time: clocks of nodes differ, and a log is cut at its front only.
// The turn that began last stays, whether it has ended or not: one that is open goes on from its events, and whoever
// opens a conversation that slept for long sees what was said last. So does the newest event of all: by it a reader
// finds that the log was cut. `owner`: a turn in whose midst the cut would lie stays whole.
const CUT = {
  name: 'retention.cut',
  text: `
    with young as (
      select e.seq from events e where e.session_id = $1 and e.at >= $2 order by e.seq limit 1
    ), begun as (
      select t.first_seq as seq from turns t
       where t.session_id = $1 and t.first_seq is not null order by t.position desc limit 1
    ), open as (
      select min(t.first_seq) as seq from turns t where t.session_id = $1 and t.state = 'running'
    ), cut as (
      select least((select seq from young), (select seq from begun), (select seq from open), h.last_seq) as seq
        from session_heads h where h.session_id = $1
    )
    select least(cut.seq, owner.first_seq) as seq
      from cut
      left join events e on e.session_id = $1 and e.seq = cut.seq
      left join turns owner on owner.id = e.turn_id and owner.session_id = $1`,
};

/** The sequence of the first event that stays when those from before a moment go; null: the session is gone. */
export async function findCut(pool: Pool, sessionId: string, before: Date): Promise<number | null> {
  const { rows } = await pool.query<{ seq: number }>({ ...CUT, values: [sessionId, before] });
  return rows[0]?.seq ?? null;
}
