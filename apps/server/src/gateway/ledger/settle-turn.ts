import type pg from 'pg';
import type { Logger } from 'pino';
import type { ModelRequest } from './model-request.ts';

// The turn of the row, once it has ended, gets the sum of the ledger anew.
const SETTLE = {
  name: 'gateway-settle-turn',
  text: `
update turns t
   set input_tokens = u.input, output_tokens = u.output, cache_read_input_tokens = u.cache_read,
       cache_creation_input_tokens = u.cache_creation, cost_nanousd = u.cost
  from model_requests r,
       lateral (
         select sum(input_tokens) as input, sum(output_tokens) as output, sum(cache_read_input_tokens) as cache_read,
                sum(cache_creation_5m_input_tokens + cache_creation_1h_input_tokens) as cache_creation,
                sum(cost_nanousd) as cost
           from model_requests m where m.turn_id = r.turn_id) u
 where r.at = $1 and r.id = $2 and t.id = r.turn_id and t.ended_at is not null
   and (t.input_tokens, t.output_tokens, t.cache_read_input_tokens, t.cache_creation_input_tokens, t.cost_nanousd)
       is distinct from (u.input, u.output, u.cache_read, u.cache_creation, u.cost)`,
};

/** The end of a turn that is being written just now is seen by the next try. */
const TRIES_AFTER_MS = [0, 1_000, 10_000] as const;

export interface Settlings {
  /** The turn of this row may have been summed before the row was written: its usage is made right. */
  add(row: Pick<ModelRequest, 'at' | 'id'>): void;
  /** Makes what is still to be done at once. */
  close(): Promise<void>;
}

export function createSettlings(pool: pg.Pool, log: Logger): Settlings {
  const waiting = new Map<NodeJS.Timeout, () => Promise<void>>();
  const running = new Set<Promise<void>>();

  async function settle(row: Pick<ModelRequest, 'at' | 'id'>): Promise<void> {
    try {
      await pool.query({ ...SETTLE, values: [row.at, row.id] });
    } catch (err) {
      log.warn({ err, model_request: row.id }, 'the usage of a turn could not be settled');
    }
  }

  function run(job: () => Promise<void>): void {
    const done = job().finally(() => running.delete(done));
    running.add(done);
  }

  return {
    add(row) {
      for (const afterMs of TRIES_AFTER_MS) {
        const job = () => settle(row);
        const timer = setTimeout(() => {
          waiting.delete(timer);
          run(job);
        }, afterMs);
        waiting.set(timer, job);
      }
    },
    async close() {
      for (const [timer, job] of waiting) {
        clearTimeout(timer);
        run(job);
      }
      waiting.clear();
      await Promise.all(running);
    },
  };
}
