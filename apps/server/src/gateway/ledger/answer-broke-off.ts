import type { Pool } from 'pg';

const LAST_STATUS = {
  name: 'ledger.last-status',
  text: 'select status from model_requests where turn_id = $1 order by at desc, id desc limit 1',
};

/**
 * Whether the last answer of a turn that failed had begun. If not, the gateway has tried as often as is sensible, and
 * its refusal stands.
 */
export async function answerBrokeOff(pool: Pool, turnId: string): Promise<boolean> {
  const result = await pool.query<{ status: number }>({ ...LAST_STATUS, values: [turnId] });
  const status = result.rows[0]?.status;
  // No row: the request was lost on the way to the gateway.
  return status === undefined || (status >= 200 && status < 300);
}
