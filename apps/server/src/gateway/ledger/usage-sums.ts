import type { Pool } from 'pg';

/** Tokens and cost from the ledger. Cost is in nano-US-dollars (1e-9). */
export interface UsageSum {
  requests: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadInputTokens: number;
  cacheCreation5mInputTokens: number;
  cacheCreation1hInputTokens: number;
  costNanousd: number;
}

const SUMS = `
  count(*)::int as requests,
  coalesce(sum(input_tokens), 0)::bigint as "inputTokens",
  coalesce(sum(output_tokens), 0)::bigint as "outputTokens",
  coalesce(sum(cache_read_input_tokens), 0)::bigint as "cacheReadInputTokens",
  coalesce(sum(cache_creation_5m_input_tokens), 0)::bigint as "cacheCreation5mInputTokens",
  coalesce(sum(cache_creation_1h_input_tokens), 0)::bigint as "cacheCreation1hInputTokens",
  coalesce(sum(cost_nanousd), 0)::bigint as "costNanousd"`;

const OF_TURN = { name: 'usage.turn', text: `select ${SUMS} from model_requests where turn_id = $1` };
const OF_SESSION = { name: 'usage.session', text: `select ${SUMS} from model_requests where session_id = $1` };

export async function usageOfTurn(pool: Pool, turnId: string): Promise<UsageSum> {
  return (await pool.query<UsageSum>({ ...OF_TURN, values: [turnId] })).rows[0] as UsageSum;
}

export async function usageOfSession(pool: Pool, sessionId: string): Promise<UsageSum> {
  return (await pool.query<UsageSum>({ ...OF_SESSION, values: [sessionId] })).rows[0] as UsageSum;
}

export function addUsage(a: UsageSum, b: UsageSum): UsageSum {
  const sum = { ...a };
  for (const key of Object.keys(b) as (keyof UsageSum)[]) sum[key] += b[key];
  return sum;
}
