import type pg from 'pg';

/** What a turn used, summed over its model requests. */
export interface TurnUsage {
  inputTokens: number;
  outputTokens: number;
  cacheReadInputTokens: number;
  cacheCreationInputTokens: number;
  /** Billionths of a US dollar. */
  costNanousd: number;
  requests: number;
  /** Requests of `requests` for whose model no price is known: the cost is then a lower bound. */
  unpricedRequests: number;
  /** Of the last request; null when there was none. */
  model: string | null;
  /** A simulator answered at least one of them. */
  simulated: boolean;
}

const SUM = `
select
  coalesce(sum(input_tokens), 0)::bigint as input,
  coalesce(sum(output_tokens), 0)::bigint as output,
  coalesce(sum(cache_read_input_tokens), 0)::bigint as cache_read,
  coalesce(sum(cache_creation_5m_input_tokens + cache_creation_1h_input_tokens), 0)::bigint as cache_creation,
  coalesce(sum(cost_nanousd), 0)::bigint as cost,
  count(*)::int as requests,
  (count(*) filter (where price_version is null))::int as unpriced,
  (array_agg(model order by at desc, id desc))[1] as model,
  coalesce(bool_or(price_version = 'simulated'), false) as simulated
from model_requests where turn_id = $1`;

interface Row {
  input: string;
  output: string;
  cache_read: string;
  cache_creation: string;
  cost: string;
  requests: number;
  unpriced: number;
  model: string | null;
  simulated: boolean;
}

/** Sums the ledger over a turn. Whoever has seen the turn's last answer complete finds all of it here. */
export async function turnUsage(db: Pick<pg.ClientBase, 'query'>, turnId: string): Promise<TurnUsage> {
  const { rows } = await db.query<Row>({ name: 'gateway-turn-usage', text: SUM, values: [turnId] });
  const row = rows[0] as Row; // An aggregate without groups has one row.
  return {
    inputTokens: Number(row.input),
    outputTokens: Number(row.output),
    cacheReadInputTokens: Number(row.cache_read),
    cacheCreationInputTokens: Number(row.cache_creation),
    costNanousd: Number(row.cost),
    requests: row.requests,
    unpricedRequests: row.unpriced,
    model: row.model,
    simulated: row.simulated,
  };
}
