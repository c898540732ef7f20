import type { Pool } from 'pg';
import type { Principal } from '../principal.ts';
import { type BudgetLine, LINE_COLUMNS } from './budget-line.ts';
import type { Estimate } from './estimate-cost.ts';

/** A reservation of a process that died is void after this. */
export const RESERVATION_TTL_S = 60;

const RESERVE = {
  name: 'budgets.reserve',
  text: `select verdict, turn_id as "turnId", ${LINE_COLUMNS}
           from admit_model_request($1, $2, $3, $4, $5, $6, ${RESERVATION_TTL_S}, $7)`,
};

export interface Decision extends BudgetLine {
  /**
   * refused: the limit is reached. wait: what runs already may reach it. unpriced: the limit is in USD, and nobody
   * knows what the request costs.
   */
  verdict: 'admitted' | 'refused' | 'wait' | 'unpriced';
  turnId: string | null;
}

/**
 * Decides on a model request and reserves what it may cost; null: no limit holds for it, and nothing is reserved.
 * Repeating it is harmless.
 */
export async function reserve(
  pool: Pool,
  request: { id: string; principal: Principal; estimate: Estimate },
  now: Date,
): Promise<Decision | null> {
  const { principal, estimate } = request;
  const values = [
    request.id,
    principal.workspaceId,
    principal.agentId,
    principal.sessionId,
    estimate.nanousd,
    estimate.tokens,
    now,
  ];
  return (await pool.query<Decision>({ ...RESERVE, values })).rows[0] ?? null;
}

const RELEASE = { name: 'budgets.release', text: 'delete from budget_reservations where id = $1' };

/** The request is over, and what it cost is in the ledger. */
export async function release(pool: Pool, id: string): Promise<void> {
  await pool.query({ ...RELEASE, values: [id] });
}

const RENEW = {
  name: 'budgets.renew',
  text: `update budget_reservations set expires_at = now() + interval '${RESERVATION_TTL_S} seconds' where id = any ($1)`,
};

/** The process lives, and so do its requests. Also clears what dead ones have left. */
export async function renewReservations(pool: Pool, ids: string[]): Promise<void> {
  await pool.query({ ...RENEW, values: [ids] });
  await pool.query(`delete from budget_reservations where expires_at < now() - interval '1 minute'`);
}
