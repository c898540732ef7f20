import type { Pool } from 'pg';

/** What a session has used, in the words of the Managed Agents API. `amount` is in cents. */
export interface SessionUsage {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number };
  list_cost: { amount: string; currency: 'USD' };
}

const FIND = { name: 'session.usage', text: 'select managed_usage($1) as usage' };

/** The caller has checked that the session is its tenant's. */
export async function findSessionUsage(pool: Pool, sessionId: string): Promise<SessionUsage> {
  return (await pool.query<{ usage: SessionUsage }>({ ...FIND, values: [sessionId] })).rows[0]?.usage as SessionUsage;
}
