import type { Pool } from 'pg';

const LOAD = {
  name: 'transcript.load',
  text: 'select entry from transcripts where session_id = $1 and subpath = $2 order by position',
};

/** The harness's transcript of a session, oldest entry first. */
export async function loadTranscript(pool: Pool, sessionId: string, subpath: string): Promise<string[]> {
  const result = await pool.query<{ entry: string }>({ ...LOAD, values: [sessionId, subpath] });
  return result.rows.map((row) => row.entry);
}
