import type { Pool } from 'pg';
import type { TurnError } from './judge-turn.ts';

const FIND = {
  name: 'turn.budget-stop',
  text: `select payload from notices where session_id = $1 and turn_id = $2 and type = 'x.budget_exceeded' limit 1`,
};

/** Why a turn failed, if the gateway refused one of its model requests for want of a budget. */
export async function findBudgetStop(pool: Pool, sessionId: string, turnId: string): Promise<TurnError | null> {
  const result = await pool.query<{ payload: string }>({ ...FIND, values: [sessionId, turnId] });
  const payload = result.rows[0]?.payload;
  return payload === undefined ? null : { type: 'budget_exceeded', message: JSON.parse(payload).message };
}
