import type { PoolClient } from 'pg';

/**
 * Moves the end of a query's turn to the query, which outlives its session, and removes the version that the session
 * had to itself. A turn that never began has failed. To be called before the session is removed.
 */
export async function keepAnswer(db: PoolClient, sessionId: string, at: Date): Promise<void> {
  await db.query(
    `update queries q
        set ended_at = coalesce(t.ended_at, $2), attempts = t.attempts, response = t.response, model = t.model,
            state = case when t.state in ('queued', 'running') then 'failed' else t.state end,
            stop_reason = coalesce(t.stop_reason, 'retries_exhausted'), started_at = t.started_at,
            error = case when t.state in ('queued', 'running')
                         then jsonb_build_object('type', 'unknown_error', 'message',
                                coalesce('The query could not be begun: ' || s.status_detail, 'The query could not be begun.'))
                         else t.error end,
            input_tokens = t.input_tokens, output_tokens = t.output_tokens, cost_nanousd = t.cost_nanousd,
            cache_read_input_tokens = t.cache_read_input_tokens,
            cache_creation_input_tokens = t.cache_creation_input_tokens
       from turns t join sessions s on s.id = t.session_id
      where q.session_id = $1 and t.session_id = $1 and t.id = q.turn_id`,
    [sessionId, at],
  );
}

/** To be called when the session is removed. */
export async function removeHiddenVersion(
  db: PoolClient,
  version: { agentId: string; agentVersion: number },
): Promise<void> {
  await db.query(
    `with removed as (
       delete from agent_versions v using agents a
        where a.id = v.agent_id and a.hidden and v.agent_id = $1 and v.version = $2
       returning v.definition -> 'sealed_env' ->> 'credential' as credential)
     delete from agent_credentials c using removed where c.id = removed.credential`,
    [version.agentId, version.agentVersion],
  );
}
