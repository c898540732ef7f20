import type { Pool } from 'pg';
import { saysOutage } from '../answers/outage-words.ts';

/** What kind of failure at the model ended an attempt of a turn. */
export type ModelFault =
  /** The answer had begun and broke off: another attempt is due at once. */
  | 'broke_off'
  /** No provider answers, or all are overloaded: the turn waits for them. */
  | 'outage'
  /** It would be refused again. */
  | 'refused';

const LAST_STATUS = {
  name: 'ledger.last-status',
  text: 'select status from model_requests where turn_id = $1 order by at desc, id desc limit 1',
};

/** No answer, and what says that the provider and not the request is at fault. */
const OUTAGES = new Set([0, 500, 502, 503, 504, 529]);

/**
 * Why the last model request of a turn failed: by what the gateway `said` of it, and by the ledger, which knows what
 * the provider answered. Within one request the gateway has tried as often as is sensible.
 */
export async function findModelFault(pool: Pool, turnId: string, said: string): Promise<ModelFault> {
  // Without a connection there is no row in the ledger.
  if (saysOutage(said)) return 'outage';
  const result = await pool.query<{ status: number }>({ ...LAST_STATUS, values: [turnId] });
  const status = result.rows[0]?.status;
  // No row: the request was lost on the way to the gateway.
  if (status === undefined || (status >= 200 && status < 300)) return 'broke_off';
  return OUTAGES.has(status) ? 'outage' : 'refused';
}
