import type pg from 'pg';
import type { ModelRequest } from './model-request.ts';

// The turn is looked up here and not before the request: it costs no round trip of its own. A turn cannot end while
// its request waits for this row, except by an interruption: then the answer is cut ($15 is false), and the turn that
// ended while the request ran is the one that asked, even if the next one runs already.
// `at` comes from us, so that a repeated insert whose first try was committed unseen meets its own key.
const INSERT = `
insert into model_requests (
  at, id, workspace_id, agent_id, session_id, turn_id, generation, upstream, model, status, stop_reason, attempts,
  input_tokens, output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens,
  cost_nanousd, price_version, first_byte_ms, duration_ms)
select $1, $2, $3, $4, $5,
  coalesce(
    case when not $15 then (
      select id from (
        select id, position, ended_at from turns
        where session_id = $5 and state <> 'queued' order by position desc limit 3) recent
      where ended_at >= $1::timestamptz - $14::int * interval '1 millisecond' order by position limit 1)
    end,
    (select id from turns where session_id = $5 and state = 'running' order by position desc limit 1)),
  $6, $7, $8, $9, $10, $11, $16, $17, $18, $19, $20, $12, $13, $21, $14::int
on conflict do nothing`;

/** Adds the row, with the turn that is running in its session. Repeating it is harmless. */
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
    ],
  });
}
