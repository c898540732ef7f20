import type { Pool } from 'pg';

const FIND = {
  name: 'claims.find-owners',
  text: `select session_id as "sessionId", owner from session_heads where session_id = any($1) and owner <> '-'`,
};

/** The nodes that own these sessions, by session. Those that nobody owns are not among them. */
export async function findOwners(pool: Pool, sessionIds: string[]): Promise<Map<string, string>> {
  const { rows } = await pool.query<{ sessionId: string; owner: string }>({ ...FIND, values: [sessionIds] });
  return new Map(rows.map(({ sessionId, owner }) => [sessionId, owner]));
}
