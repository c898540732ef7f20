import type pg from 'pg';
import type { ModelRequest } from './model-request.ts';

/** Rows that a workspace's counters are spread over. */
const WORKSPACE_SHARDS = 8;

// The turn is looked up here and not before the request: it costs no round trip of its own. A turn cannot end while
// its request waits for this row, except by an interruption: then the answer is cut ($15 is false), and the turn that
// ended while the request ran is the one that asked, even if the next one runs already.
// `at` comes from us, so that a repeated insert whose first try was committed unseen meets its own key.
// The usage of the turn, of the session and of the day and the counters of spend move with the row, by what it says and once: they
// are sums of the ledger at every moment. Locks are taken in one order, the counters' by their keys.
const INSERT = `
with asked as (
  select coalesce(
    case when not $15 then (
      select id from (
        select id, position, ended_at from turns
        where session_id = $5 and state <> 'queued' order by position desc limit 3) recent
      where ended_at >= $1::timestamptz - $14::int * interval '1 millisecond' order by position limit 1)
    end,
    (select id from turns where session_id = $5 and state = 'running' order by position desc limit 1)) as turn_id
), entry as (
  insert into model_requests (
    at, id, workspace_id, agent_id, session_id, turn_id, key_id, generation, upstream, model, status, stop_reason,
    attempts, input_tokens, output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens, cost_nanousd, price_version, first_byte_ms, duration_ms, uncounted_output_tokens)
  select $1, $2, $3, $4, $5, turn_id, (select key_id from turns where id = turn_id),
    $6, $7, $8, $9, $10, $11, $16, $17, $18, $19, $20, $12, $13, $21, $14::int, $22::int
  from asked
  on conflict do nothing
  returning turn_id, key_id, price_version, (select position from turns where id = turn_id) as turn_position
), turn as (
  update turns t
     set input_tokens = t.input_tokens + $16, output_tokens = t.output_tokens + $17,
         cache_read_input_tokens = t.cache_read_input_tokens + $18,
         cache_creation_input_tokens = t.cache_creation_input_tokens + $19 + $20,
         cost_nanousd = t.cost_nanousd + $12
    from entry where t.id = entry.turn_id
), day as (
  insert into usage_days as d (
    workspace_id, day, agent_id, model, upstream, key_id, requests, unpriced_requests, input_tokens, output_tokens,
    cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, cost_nanousd)
  select $3, ($1::timestamptz at time zone 'UTC')::date, $4, $8, $7, coalesce(key_id, ''),
         1, case when price_version is null then 1 else 0 end, $16, $17, $18, $19, $20, $12
    from entry
  on conflict (workspace_id, day, agent_id, model, upstream, key_id) do update set
    requests = d.requests + 1, unpriced_requests = d.unpriced_requests + excluded.unpriced_requests,
    input_tokens = d.input_tokens + excluded.input_tokens, output_tokens = d.output_tokens + excluded.output_tokens,
    cache_read_input_tokens = d.cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = d.cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = d.cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    cost_nanousd = d.cost_nanousd + excluded.cost_nanousd
), session as (
  insert into session_usage as u (
    session_id, input_tokens, output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens, cost_nanousd)
  select $5, $16, $17, $18, $19, $20, $12 from entry
  on conflict (session_id) do update set
    input_tokens = u.input_tokens + excluded.input_tokens, output_tokens = u.output_tokens + excluded.output_tokens,
    cache_read_input_tokens = u.cache_read_input_tokens + excluded.cache_read_input_tokens,
    cache_creation_5m_input_tokens = u.cache_creation_5m_input_tokens + excluded.cache_creation_5m_input_tokens,
    cache_creation_1h_input_tokens = u.cache_creation_1h_input_tokens + excluded.cache_creation_1h_input_tokens,
    cost_nanousd = u.cost_nanousd + excluded.cost_nanousd
), today as (
  select ($1::timestamptz at time zone 'UTC')::date as day, $12::bigint as nanousd,
         $16::bigint + $17::bigint + $18::bigint + $19::bigint + $20::bigint + $22::int as tokens
)
insert into spend as s (
  scope_id, shard, workspace_id, total_nanousd, total_tokens, month, month_nanousd, month_tokens, day, day_nanousd,
  day_tokens, turn_id, turn_position, turn_nanousd, turn_tokens)
select scope_id, shard, $3, nanousd, tokens, date_trunc('month', day)::date, nanousd, tokens, day, nanousd, tokens,
       turn_id, turn_position, nanousd, tokens
  from entry, today,
       (values ($3, abs(hashtext($5) % ${WORKSPACE_SHARDS})), ($4, 0), ($5, 0)) as scopes (scope_id, shard)
 order by scope_id
on conflict (scope_id, shard) do update set
  total_nanousd = s.total_nanousd + excluded.total_nanousd,
  total_tokens = s.total_tokens + excluded.total_tokens,
  month = greatest(s.month, excluded.month),
  month_nanousd = case when s.month >= excluded.month then s.month_nanousd else 0 end
                + case when excluded.month >= s.month then excluded.month_nanousd else 0 end,
  month_tokens = case when s.month >= excluded.month then s.month_tokens else 0 end
               + case when excluded.month >= s.month then excluded.month_tokens else 0 end,
  day = greatest(s.day, excluded.day),
  day_nanousd = case when s.day >= excluded.day then s.day_nanousd else 0 end
              + case when excluded.day >= s.day then excluded.day_nanousd else 0 end,
  day_tokens = case when s.day >= excluded.day then s.day_tokens else 0 end
             + case when excluded.day >= s.day then excluded.day_tokens else 0 end,
  turn_id = case when excluded.turn_position >= coalesce(s.turn_position, 0) then excluded.turn_id else s.turn_id end,
  turn_position = greatest(s.turn_position, excluded.turn_position),
  turn_nanousd = case when excluded.turn_position > coalesce(s.turn_position, 0) then excluded.turn_nanousd
                      when excluded.turn_position = s.turn_position then s.turn_nanousd + excluded.turn_nanousd
                      else s.turn_nanousd end,
  turn_tokens = case when excluded.turn_position > coalesce(s.turn_position, 0) then excluded.turn_tokens
                     when excluded.turn_position = s.turn_position then s.turn_tokens + excluded.turn_tokens
                     else s.turn_tokens end`;

/** Adds the row, with the turn that is running in its session and its key. Repeating it is harmless. */
export async function insertModelRequest(pool: pg.Pool, row: ModelRequest): Promise<void> {
  const { principal, usage, cost } = row;
  await pool.query({
    name: 'gateway-insert-model-request',
    text: INSERT,
    values: [
      row.at,
      row.id,
      principal.workspaceId,
      principal.agentId,
      principal.sessionId,
      principal.generation,
      row.upstream,
      row.model,
      row.status,
      row.stopReason,
      row.attempts,
      cost?.nanousd ?? 0,
      cost?.version ?? null,
      row.durationMs,
      row.stopReason !== null,
      usage.inputTokens,
      usage.outputTokens,
      usage.cacheReadInputTokens,
      usage.cacheCreation5mInputTokens,
      usage.cacheCreation1hInputTokens,
      row.firstByteMs,
      row.uncountedOutputTokens,
    ],
  });
}
